"""The inputs that a repository shows for one model, those of most trust first."""

from __future__ import annotations

import ast
from itertools import chain, islice

from gradlint.discovery.constructions import Construction
from gradlint.discovery.images import Images
from gradlint.discovery.outline import Outline
from gradlint.discovery.repository import Repository
from gradlint.discovery.shapes import Shapes, unique
from gradlint.discovery.slicing import Slicer
from gradlint.target import Example

FOLDED = ("onv", "latten", "view(", "reshape(", "rearrange(", "resnet", "vgg")
MOST_FILES = 4
MOST_IMAGES = 3


class Examples:
    """The examples of one file's models."""

    def __init__(self, outline: Outline, slicer: Slicer, repository: Repository) -> None:
        self.outline = outline
        self.repository = repository
        self._shapes = {outline: Shapes(outline, slicer)}

    def all(
        self, sites: list[Construction], foreign: list[Construction], text: str
    ) -> tuple[Example, ...]:
        """Calls of the model, here and elsewhere; then tensors of the file, then its data.

        Whether images are for the model at all is told by its text.
        """
        files = list(islice(dict.fromkeys(site.outline for site in foreign), MOST_FILES))
        found: list[Example] = []
        for outline in (self.outline, *files):
            built = [site for site in (*sites, *foreign) if site.outline is outline]
            found += self._of(outline).given(built, self._data(outline)) if built else []
        found += self._of(self.outline).tensors()
        if any(mark in text for mark in FOLDED):
            shown = chain.from_iterable(self._data(outline) for outline in (self.outline, *files))
            batches = [shapes.image(images) for shapes, images in shown]
            found += [batch for batch in batches if batch is not None]
        return unique(found)

    def _of(self, outline: Outline) -> Shapes:
        if outline not in self._shapes:
            name = self.repository.relative(outline.source.filename)
            self._shapes[outline] = Shapes(outline, Slicer(outline), name)
        return self._shapes[outline]

    def _data(self, outline: Outline) -> list[tuple[Shapes, Images]]:
        """The images of a file, else of the files that it gets something from."""
        found = self._of(outline).images
        if found:
            return [(self._of(outline), images) for images in found[:MOST_IMAGES]]
        others = [shapes for shapes in map(self._of, self._imported(outline)) if shapes.images]
        return [(s, images) for s in others[:1] for images in s.images[:MOST_IMAGES]]

    def _imported(self, outline: Outline) -> list[Outline]:
        called = (
            outline.imported(outline.qualified(call.func))
            for call in outline.calls
            if isinstance(call.func, ast.Name | ast.Attribute)
        )
        files = dict.fromkeys(definition.outline for definition in called if definition)
        return [
            file
            for file in files
            if "datasets" in file.source.text or "transforms" in file.source.text
        ]
