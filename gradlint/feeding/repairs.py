"""What a failed run says about the input that the model wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from gradlint.feeding.backwards import BATCH, LENGTH, SIDE
from gradlint.feeding.guesses import Guess

_CHANNELS = r"to have (\d+) channels, but got (\d+) channels"
_CONTEXT = 4  # words, two before and two after
# as it is said of values, and of shapes alone
_MULTIPLIED = (
    r"(?:cannot be multiplied \(|reduction dim, but got \[)(\d+)(?:x|, )(\d+)"
    r"(?: and |\] X \[)(\d+)(?:x|, )(\d+)"
)
_ONE_ROW = "cannot be multiplied (1x"
_Repair = Callable[[Guess, list[int]], Guess | None]


def repair(guess: Guess, error: str, batch: int) -> Guess | None:
    """The next guess, where the error tells one; `batch` is the size of the failed run."""
    for pattern, mend in _REPAIRS:
        found = re.search(pattern, error)
        if found is not None:
            return mend(guess, [int(number) for number in found.groups() if number])
    lacking = mismatch(error, batch)
    if lacking is None:
        return None
    joined = _ONE_ROW in error and guess.pattern == (BATCH,)
    return _counted(guess, *lacking, batch) if joined else _features(guess, *lacking)


def mismatch(error: str, batch: int) -> tuple[int, int] | None:
    """The features that a layer got and those it wanted, per sample."""
    found = re.search(_MULTIPLIED, error)
    if found is not None:
        return int(found[2]), int(found[3])
    found = re.search(r"split_sizes to sum exactly to (\d+) .*split_sizes=\[([\d, ]+)\]", error)
    if found is not None:
        return int(found[1]), sum(map(int, found[2].split(",")))
    found = re.search(r"shape '\[([-\d, ]+)\]' is invalid for input of size (\d+)", error)
    if found is not None:
        wanted = 1
        for size in found[1].split(","):
            wanted *= int(size) if int(size) not in (-1, batch) else 1
        got = int(found[2]) // batch
        return (got, wanted) if wanted > 1 else None
    return None


def channels(error: str) -> tuple[int, int] | None:
    """The channels that a convolution got and those it wanted."""
    found = re.search(_CHANNELS, error)
    return (int(found[2]), int(found[1])) if found else None


def unmatched(error: str) -> tuple[int, int] | None:
    """The size that what is joined should have had, and the one it had."""
    found = re.search(r"Sizes of tensors must match.*Expected size (\d+) but got size (\d+)", error)
    return (int(found[1]), int(found[2])) if found else None


def _counted(guess: Guess, got: int, wanted: int, batch: int) -> Guess | None:
    """As many tokens as a model takes that makes one row of all that it is given."""
    count, rest = divmod(wanted * batch, got)
    return replace(guess, batch=count) if count > 1 and not rest else None


def _features(guess: Guess, got: int, wanted: int) -> Guess | None:
    if SIDE in guess.pattern or got == wanted:
        return None
    if LENGTH in guess.pattern and got % guess.length == 0 and got > guess.length:
        length, rest = divmod(wanted * guess.length, got)
        if rest == 0 and length > 0:
            return replace(guess, length=length, length_known=True)
    return _last(guess, [wanted, got])


def _last(guess: Guess, numbers: list[int]) -> Guess | None:
    """Other features: by as many as the layer had too many or too few."""
    last = guess.pattern[-1]
    wanted, got = numbers
    if not isinstance(last, int) or got == wanted or guess.dtype == "int64":
        return None
    size = last + wanted - got if last + wanted > got else last * wanted // got
    return replace(guess, pattern=(*guess.pattern[:-1], size)) if size else None


def _channels(guess: Guess, numbers: list[int]) -> Guess | None:
    if len(guess.pattern) < 3 or guess.pattern[1] == numbers[0]:
        return None
    wanted, got = numbers
    size = guess.pattern[1]
    size = size + wanted - got if isinstance(size, int) and size != got else wanted
    if size < 1:
        return None
    return replace(guess, pattern=(guess.pattern[0], size, *guess.pattern[2:]))


def _length(guess: Guess, numbers: list[int]) -> Guess | None:
    got, wanted = numbers
    length = guess.length + wanted - got
    if LENGTH not in guess.pattern or length < 1 or got == wanted:
        return None
    return replace(guess, length=length, length_known=True)


def _shorter(guess: Guess, numbers: list[int]) -> Guess | None:
    if LENGTH not in guess.pattern or guess.length < 4:
        return None
    return replace(guess, length=guess.length // 2)


def _integers(guess: Guess, numbers: list[int]) -> Guess | None:
    if guess.dtype == "int64":
        return None
    pattern = guess.pattern[:-1] if len(guess.pattern) > 2 else (BATCH, LENGTH)
    return replace(guess, dtype="int64", high=2, pattern=pattern, length=16)


def _floats(guess: Guess, numbers: list[int]) -> Guess | None:
    return replace(guess, dtype="float32", high=None) if guess.dtype == "int64" else None


def _doubles(guess: Guess, numbers: list[int]) -> Guess | None:
    return replace(guess, dtype="float64") if guess.dtype == "float32" else None


def _fixed_batch(guess: Guess, numbers: list[int]) -> Guess | None:
    return replace(guess, batch=numbers[0]) if guess.batch is None else None


def _one_sample(guess: Guess, numbers: list[int]) -> Guess | None:
    """A few tokens that are a single sample, of a model that sums them up."""
    single = guess.dtype == "int64" and guess.pattern == (BATCH,)
    return _fixed_batch(guess, [_CONTEXT]) if single else None


def _dimensions(guess: Guess, numbers: list[int]) -> Guess | None:
    more = numbers[0] - len(guess.pattern)
    last = guess.pattern[-1]
    if guess.dtype == "int64" or more == 0:
        return None
    if numbers[0] == 2:
        return replace(guess, pattern=(BATCH, last))
    if numbers[0] == 3:
        return replace(guess, pattern=(BATCH, LENGTH, last if isinstance(last, int) else 32))
    if numbers[0] == 4:
        channels = next((d for d in guess.pattern if isinstance(d, int)), 3)
        return replace(guess, pattern=(BATCH, channels if more < 2 else 3, SIDE, SIDE))
    return None


_HIDDEN = r"Expected hidden(?:\[\d\])? size \(\d+, \d+, \d+\), got \[\d+, (\d+), \d+\]"
_BATCH2 = r"dimensions of batch2 tensor to be: \[\d+, (\d+)\] but got: \[\d+, (\d+)\]"
_REPAIRS: tuple[tuple[str, _Repair], ...] = (
    (_CHANNELS, _channels),
    (r"equal to input_size\. Expected (\d+), got (\d+)", _last),
    (r"normalized_shape=\[(\d+)\].*input of size\s*\[(?:\d+, )*(\d+)\]", _last),
    (r"running_mean should contain (\d+) elements not (\d+)", lambda g, n: _last(g, n[::-1])),
    (r"inconsistent input_size: got (\d+) expected (\d+)", lambda g, n: _last(g, n[::-1])),
    (r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", _length),
    (_BATCH2, lambda g, n: _length(g, n[::-1])),
    (_HIDDEN, _fixed_batch),
    (r"does not count the samples", _one_sample),
    (r"index out of range", _shorter),
    (r"indices' to have one of the following scalar types: Long", _integers),
    (r"expected scalar type Long", _integers),
    (r"expected scalar type Float but found Long", _floats),
    (r"not implemented for 'Long'|but got Long and Float|but found Long", _floats),
    (r"but got Float and Double|expected scalar type Double", _doubles),
    (r"not enough values to unpack \(expected (\d)", _dimensions),
    (r"too many values to unpack \(expected (\d)", _dimensions),
    (r"Expected \dD \(unbatched\) or (\d)D", _dimensions),
    (r"Expected input to be \dD or (\d)D", _dimensions),
    (r"must have (\d) dimensions, got", _dimensions),
)
