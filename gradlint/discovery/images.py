"""The images that a file's data show: a torchvision dataset and what transforms make of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradlint.discovery.arguments import defaults
from gradlint.discovery.outline import Outline, calls
from gradlint.discovery.slicing import Slicer

DATASETS = {  # channels, height and width, classes
    "MNIST": (1, 28, 10),
    "FashionMNIST": (1, 28, 10),
    "KMNIST": (1, 28, 10),
    "QMNIST": (1, 28, 10),
    "EMNIST": (1, 28, 47),
    "USPS": (1, 16, 10),
    "CIFAR10": (3, 32, 10),
    "CIFAR100": (3, 32, 100),
    "SVHN": (3, 32, 10),
    "STL10": (3, 96, 10),
    "ImageFolder": (3, 0, 2),
    "ImageNet": (3, 0, 1000),
    "CelebA": (3, 0, 2),
    "LSUN": (3, 0, 2),
    "FakeData": (3, 224, 10),
    "Flowers102": (3, 0, 102),
    "Food101": (3, 0, 101),
    "OxfordIIITPet": (3, 0, 37),
}
RESIZES = {"Resize", "RandomCrop", "CenterCrop", "RandomResizedCrop", "Scale", "RandomSizedCrop"}
HEIGHTS = ("img_height", "image_height", "img_size", "image_size", "imageSize", "imsize", "im_size")
WIDTHS = ("img_width", "image_width", *HEIGHTS[2:])
CHANNELS = ("channels", "img_channels", "image_channels", "n_channels", "nc")
FLATTENS = ("view(-1)", "flatten(", "reshape(-1)", ".ravel(")


@dataclass(frozen=True)
class Images:
    """One batch of images, as the data show it."""

    sizes: tuple[ast.expr, ...]  # of one image
    classes: int
    place: ast.AST  # where the names of the sizes are looked up
    line: int
    what: str  # "the dataset", "the options"


class ImageSource:
    """The images of one file."""

    def __init__(self, outline: Outline, slicer: Slicer) -> None:
        self.outline = outline
        self.slicer = slicer

    def all(self) -> list[Images]:
        """What the datasets of the file give, else what its transforms or options say."""
        found = [images for call in self.outline.calls for images in self._dataset(call)]
        found = found or [*self._transformed(), *self._options()]
        unique = {tuple(map(ast.unparse, images.sizes)): images for images in reversed(found)}
        return list(reversed(unique.values()))

    def _dataset(self, call: ast.Call) -> Iterator[Images]:
        owner, _, name = self.outline.qualified(call.func).rpartition(".")
        if name not in DATASETS or "datasets" not in owner:
            return
        channels, size, classes = DATASETS[name]
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if isinstance(shape := given.get("image_size"), ast.Tuple):
            yield Images(tuple(shape.elts), classes, call, call.lineno, "the dataset")
            return
        transform = given.get("transform") or self._composition(call.args)
        steps = _ordered(self._value(transform, call)) if transform is not None else []
        sizes = _sizes(self._steps(steps), channels, size)
        if sizes:
            yield Images(sizes, classes, call, call.lineno, "the dataset")

    def _composition(self, values: list[ast.expr]) -> ast.expr | None:
        """The transform among positional arguments."""
        for value in values:
            inner = self._value(value, value)
            if isinstance(inner, ast.Call) and "transforms" in self.outline.qualified(inner.func):
                return inner
        return None

    def _value(self, value: ast.expr, at: ast.AST) -> ast.expr:
        if isinstance(value, ast.Subscript):
            value = value.value
        bound = self.slicer.value(value.id, at) if isinstance(value, ast.Name) else None
        return value if bound is None else bound

    def _steps(self, found: list[ast.Call]) -> list[tuple[str, ast.Call]]:
        named = ((self.outline.qualified(call.func), call) for call in found)
        return [(name.rpartition(".")[2], call) for name, call in named]

    def _transformed(self) -> Iterator[Images]:
        """What a list of transforms makes of colour images of any size."""
        for call in self.outline.calls:
            if self.outline.qualified(call.func).endswith("transforms.Compose") and call.args:
                steps = self._steps(_ordered(self._value(call.args[0], call)))
                if sizes := _sizes(steps, 0, 0):
                    yield Images(sizes, 2, call, call.lineno, "the transform")

    def _options(self) -> Iterator[Images]:
        options = defaults(self.outline)
        height = next((options[name] for name in HEIGHTS if name in options), None)
        width = next((options[name] for name in WIDTHS if name in options), height)
        channels = next((options[name] for name in CHANNELS if name in options), ast.Constant(3))
        sizes = (channels, height, width)
        if all(isinstance(s, ast.Constant) and isinstance(s.value, int) for s in sizes):
            assert height is not None and width is not None
            place = self.outline.tree.body[0]
            yield Images((channels, height, width), 10, place, height.lineno, "the options")


def _ordered(node: ast.AST) -> list[ast.Call]:
    return sorted(calls(node), key=lambda call: (call.lineno, call.col_offset))


def _sizes(steps: list[tuple[str, ast.Call]], channels: int, size: int) -> tuple[ast.expr, ...]:
    """Channels, height and width after the transforms, or what they are flattened to."""
    sides: tuple[ast.expr, ...] = (ast.Constant(size), ast.Constant(size)) if size else ()
    for name, call in steps:
        if name in RESIZES:
            sides = _sides(call) or sides
        elif name == "Grayscale":
            channels = _first(call, "num_output_channels", 1)
        elif name == "Normalize" and not channels:
            channels = _count(call)
    if not sides:
        return ()
    shape = (ast.Constant(channels or 3), *sides)
    if any(name == "Lambda" and any(f in ast.unparse(c) for f in FLATTENS) for name, c in steps):
        return (_product(shape),)
    return shape


def _sides(call: ast.Call) -> tuple[ast.expr, ...]:
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "size")]
    if not given:
        return ()
    if isinstance(given[0], ast.Tuple | ast.List):
        return tuple(given[0].elts) if len(given[0].elts) == 2 else ()
    return (given[0], given[0])


def _first(call: ast.Call, name: str, otherwise: int) -> int:
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == name)]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else otherwise
    return value if isinstance(value, int) else otherwise


def _count(call: ast.Call) -> int:
    """How many channels a normalisation has means for; 0 where it does not say."""
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "mean")]
    return len(given[0].elts) if given and isinstance(given[0], ast.Tuple | ast.List) else 0


def _product(sizes: tuple[ast.expr, ...]) -> ast.expr:
    product = sizes[0]
    for size in sizes[1:]:
        product = ast.BinOp(product, ast.Mult(), size)
    return product
