"""Which sizes to try for what a guess leaves free."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from numbers import Integral

from torch import nn

SIDES = (32, 28, 64, 224, 96, 128, 256, 299, 227, 48, 84, 16, 512)
RECTANGLES = (
    (40, 80), (40, 90), (60, 90), (66, 200), (32, 100), (32, 128), (64, 128), (128, 64), (48, 64),
    (60, 80), (120, 160), (240, 320), (160, 320), (480, 640), (128, 256), (256, 128), (80, 160),
)  # fmt: skip
LENGTHS = (8, 64, 128, 256, 100, 1)
LONGER = (1024, 4096, 16000)  # of sound, where convolutions find a sequence too short
VOLUMES = (32, 16)
VIDEOS = ((16, 112, 112), (8, 112, 112), (16, 64, 64), (32, 64, 64), (16, 224, 224))
SIDE_NAMES = ("image_size", "img_size", "image_dim", "input_resolution", "resolution")
LENGTH_NAMES = (
    "seq_len", "seq_length", "sequence_length", "num_frames", "block_size", "max_seq_len",
    "max_len", "max_length", "context_length", "context_size", "n_positions", "ctx_len", "n_ctx",
    "max_position_embeddings", "max_seq_length", "window_size", "lookback",
)  # fmt: skip

_TOO_SMALL = r"too small|spatial element|greater than actual input|more than 1 value per channel"

_DEAR = 3 * 10**9  # multiplications of one sample
_SHORTEST = 32

Sample = tuple[int, int, int]  # a size that failed, the features it gave, those wanted


def kept_sizes(module: nn.Module, names: tuple[str, ...]) -> list[int]:
    """Whole numbers that a model keeps under one of these names, itself or in its config."""
    holders = [module, *(getattr(module, key, None) for key in ("config", "cfg", "args"))]
    found = []
    for holder in holders:
        values = holder if isinstance(holder, dict) else getattr(holder, "__dict__", {})
        for name in names:
            value = values.get(name)
            if isinstance(value, (tuple, list)) and len(set(value)) == 1:
                value = value[0]
            if isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0:
                found.append(int(value))
    return list(dict.fromkeys(found))


def shortened(module: nn.Module, lengths: Iterable[int]) -> Iterator[tuple[int, bool]]:
    """The lengths that are shown, and whether each is; for a large model a shorter one first.

    Recurrences are judged along the whole length.
    """
    parts = list(module.modules())
    tables = {id(p.weight) for p in parts if isinstance(p, nn.Embedding | nn.EmbeddingBag)}
    step = sum(w.numel() for w in module.parameters() if id(w) not in tables)
    recurrent = any(isinstance(part, nn.RNNBase | nn.RNNCellBase) for part in parts)
    for length in lengths:
        shorter = length
        while not recurrent and shorter > _SHORTEST and shorter * step > _DEAR:
            shorter //= 2
        if shorter < length:
            yield shorter, False
        yield length, True


def pointed(queue: list[int], samples: list[Sample], sample: Sample, rank: int) -> list[int]:
    """The sizes, those first that two failures with different outcomes point to."""
    if len(samples) == 2 or any(sample[1] == known[1] for known in samples):
        return queue
    samples.append(sample)
    return _reordered(queue, samples, rank) if len(samples) == 2 else queue


def _reordered(queue: list[int], samples: list[Sample], rank: int) -> list[int]:
    """A size is linear in the root of the number of features that it leads to."""
    (size, got, wanted), (other, more, _) = samples
    root = 1 / rank
    rise = more**root - got**root
    aim = round(size + (wanted**root - got**root) * (other - size) / rise)
    usual = [known for known in queue if abs(known - aim) <= 4]
    near = [max(aim + step, 1) for step in (0, 1, -1, 2, -2, 3, -3, 4, -4)]
    near.sort(key=lambda number: number % 2)
    return list(dict.fromkeys([*usual, *near, *queue]))


def narrowed(queue: list[int], size: int, error: str, longer: tuple[int, ...] = ()) -> list[int]:
    """The sizes that are left after one was too small, or did not halve evenly."""
    if re.search(_TOO_SMALL, error):
        return sorted(other for other in {*queue, *longer} if other > size)
    if "Sizes of tensors must match" in error:
        return sorted(queue, key=lambda other: (other & (other - 1) != 0, other))
    return queue
