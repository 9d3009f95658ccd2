"""The example inputs that a model is run with: given, shown by the file, or inferred."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from gradlint.errors import NotRun
from gradlint.feeding.attempts import Attempts
from gradlint.feeding.backwards import LENGTH
from gradlint.feeding.calls import Call, Slot
from gradlint.feeding.candidates import traced
from gradlint.feeding.examples import shown
from gradlint.feeding.guesses import Guess
from gradlint.feeding.inference import infer, shortened
from gradlint.feeding.inferred import Inferred
from gradlint.feeding.recipes import Recipe
from gradlint.feeding.runs import FEW, MANY, SOME, Outcome, batch_survives, needs_grad, run
from gradlint.feeding.specification import DTYPES, Shape, parse_shapes, specification
from gradlint.feeding.symbols import parameters_of
from gradlint.feeding.values import copied, differentiable, renewed, stated, vocabulary
from gradlint.outputs import mapped, tensors_of
from gradlint.target import Target


@dataclass(frozen=True)
class Inputs:
    """What a model is called with, and how the user is told."""

    args: tuple[object, ...]
    kwargs: dict[str, object]
    description: str
    length_known: bool  # the length of sequences comes from the file, the target or --input
    batch_dim: int | None = 0  # None where the model takes this batch size only
    device: str = "cpu"
    inferred: Inferred | None = None  # where they were not given
    given: bool = False  # by the user: all of it is run

    def fresh(self, seed: int, batch: int | None = None) -> Inputs:
        """New values of the same shapes, types and scale; another batch size where it is free."""
        generator = torch.Generator().manual_seed(seed)
        size = None if self.batch_dim is None else batch
        if self.inferred is not None:
            samples = size or self.inferred.batch
            return self._made(replace(self.inferred, batch=samples), generator)

        def renew(value: Tensor) -> Tensor:
            return self._renewed(value, generator, size)

        args, kwargs = mapped((self.args, self.kwargs), renew)
        return replace(self, args=args, kwargs=kwargs)

    def copied(self) -> Inputs:
        """The same values in tensors of their own, for a forward that changes its inputs."""
        args, kwargs = mapped((self.args, self.kwargs), copied)
        return replace(self, args=args, kwargs=kwargs)

    def on(self, device: str) -> Inputs:
        """The same inputs on a device."""
        args, kwargs = mapped((self.args, self.kwargs), lambda value: value.to(device))
        return replace(self, args=args, kwargs=kwargs, device=device)

    def _made(self, inferred: Inferred, generator: torch.Generator) -> Inputs:
        args, kwargs = inferred.arguments(generator)
        before = tensors_of((self.args, self.kwargs))
        for tensor, old in zip(tensors_of((args, kwargs)), before, strict=True):
            tensor.requires_grad_(old.requires_grad)
        made = replace(self, args=args, kwargs=kwargs, inferred=inferred)
        return made.on(self.device)

    def _renewed(self, value: Tensor, generator: torch.Generator, batch: int | None) -> Tensor:
        if value.numel() == 0:
            return value
        dims = list(value.shape)
        first = self.batch_dim or 0
        for place in (first, 1 - first):  # a recurrent state counts samples in dimension 1
            if batch is not None and place < len(dims) and dims[place] == self.batch:
                dims[place] = batch
                break
        fresh = renewed(value, dims, generator).to(value.device)
        return fresh.requires_grad_(value.requires_grad)

    @property
    def specification(self) -> str:
        """What to write for `--input` to have the like; "" where it cannot be written."""
        named = [*((None, value) for value in self.args), *self.kwargs.items()]
        shapes = [
            Shape(tuple(value.shape), str(value.dtype).removeprefix("torch."), name=name)
            for name, value in named
            if isinstance(value, Tensor)
        ]
        writable = all(shape.dims and shape.dtype in DTYPES for shape in shapes)
        return ",".join(map(str, shapes)) if writable and len(shapes) == len(named) else ""

    @property
    def source(self) -> Tensor | None:
        """The tensor whose samples are counted: data rather than a state or a mask."""
        tensors = [t for t in tensors_of((self.args, self.kwargs)) if t.dim()]
        dims = self.inferred.dims if self.inferred is not None else None
        return next((t for t in tensors if dims in (None, tuple(t.shape))), None)

    @property
    def few(self) -> int:
        """As many samples as show the structure; all where the user gave them."""
        return self.batch if self.given or self.batch_dim is None else FEW

    @property
    def batch(self) -> int:
        """How many samples there are."""
        place = self.batch_dim or 0
        source = self.source
        return source.shape[place] if source is not None and source.dim() > place else 1


def find_inputs(
    module: nn.Module, target: Target, namespace: dict[str, object], given: object = None
) -> Inputs:
    """Inputs that the model runs with; `given` are those that `gradlint_model()` returned.

    Raises NotRun where none are found.
    """
    if target.input is not None:
        return _explicit(module, target.input)
    for args, kwargs, source in shown(module, target.examples, namespace, given):
        inputs = _fed(module, Inputs(args, kwargs, "", True))
        if inputs is not None:
            inputs = inputs.fresh(0, MANY)
            return replace(inputs, description=f"{_dims(inputs)}, from {source}")
    return _from_guesses(*infer(module, target.lengths))


def _explicit(module: nn.Module, text: str) -> Inputs:
    shapes = parse_shapes(text)
    bound = vocabulary(module)
    args: list[object] = []
    slots, values = [], []
    for seed, shape in enumerate(shapes):
        value = stated(replace(shape, high=shape.high or bound), seed)
        if shape.name is None:
            args.append(value)
        else:
            name, _, key = shape.name.partition(".")
            slots.append(Slot(name, int(key) if key.isdigit() else key or None))
            values.append(value)
    kwargs = Call(tuple(slots), ()).arguments(values)[1]
    outcome, inputs = _tried(module, Inputs(tuple(args), kwargs, "", True, given=True))
    if outcome.error:
        given = f"--input {specification(shapes)}"
        raise NotRun(
            f"the model does not run with {given}: {shortened(outcome.error)}",
            "give the shape that its forward expects, the batch size included",
        )
    return replace(_freed(module, inputs), description=f"{_dims(inputs)}, as given")


def _fed(module: nn.Module, shown: Inputs) -> Inputs | None:
    """The inputs if the model runs with them: with a few samples, or else with what is shown."""
    free = _freed(module, shown)
    if free.batch_dim is not None:
        return free
    outcome, inputs = _tried(module, shown)
    if outcome.error or not outcome.trains:
        return None
    return free if inputs is shown else _freed(module, inputs)


def _tried(module: nn.Module, inputs: Inputs) -> tuple[Outcome, Inputs]:
    """One run with gradients; the inputs ask for theirs where the forward needs them."""
    outcome = run(module, inputs.args, inputs.kwargs, grad=True)
    if needs_grad(outcome.error):
        args, kwargs = mapped((inputs.args, inputs.kwargs), differentiable)
        inputs = replace(inputs, args=args, kwargs=kwargs)
        outcome = run(module, args, kwargs, grad=True)
    return outcome, inputs


def _freed(module: nn.Module, inputs: Inputs) -> Inputs:
    """The inputs with the dimension in which the model takes any number of samples."""
    names, defaults = parameters_of(module)
    guess = next(iter(traced(module, names[0], defaults)), None) if names else None
    likely = guess.batch_dim if guess is not None else 0
    for place in (likely, 1 - likely):
        trial = replace(inputs, batch_dim=place)
        few = _with_batch(module, trial, FEW)
        many = few if few.error else _with_batch(module, trial, SOME)
        survives = batch_survives(few, many, folded=place == likely)
        if not many.error and many.trains and survives:
            return trial
    return replace(inputs, batch_dim=None)


def _with_batch(module: nn.Module, inputs: Inputs, batch: int) -> Outcome:
    resized = inputs.fresh(0, batch)
    return run(module, resized.args, resized.kwargs, grad=True)


def _from_guesses(attempts: Attempts, recipes: tuple[Recipe, ...]) -> Inputs:
    inferred = Inferred(attempts.call, recipes, MANY)
    main = inferred.main
    if main is None:
        raise NotRun("forward reads no data", "give its inputs with --input")
    guesses = [recipe for recipe in recipes if isinstance(recipe, Guess)]
    args, kwargs = attempts.arguments(recipes, MANY)
    return Inputs(
        args,
        kwargs,
        f"{inferred}, from {main.why}",
        all(guess.length_known or LENGTH not in guess.pattern for guess in guesses),
        None if main.batch else main.batch_dim,
        inferred=inferred,
    )


def _dims(inputs: Inputs) -> str:
    """The shapes of the tensors, for people."""
    tensors = tensors_of((inputs.args, inputs.kwargs))
    return " and ".join("x".join(map(str, tensor.shape)) for tensor in tensors)
