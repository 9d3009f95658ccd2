"""What the layers of torch.nn want of their input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from gradlint.kinds import Kind

STOPS = frozenset({Kind.LINEAR, Kind.CONV, Kind.EMBEDDING, Kind.RECURRENT, Kind.ATTENTION})


@dataclass(frozen=True)
class Step:
    """An operation between an input and its first layer; what is not constant is None."""

    name: str
    args: tuple[object, ...]
    kwargs: dict[str, object]


@dataclass(frozen=True)
class Need:
    """What a layer wants of its input."""

    kind: Kind
    size: int  # features, channels or vocabulary
    rank: int = 1  # spatial dimensions of a convolution
    batch_first: bool = True
    transposed: bool = False
    cell: bool = False  # a recurrent layer that reads one step
    steps: tuple[Step, ...] = ()
    then: Need | None = None  # the layer further on that reads sequences


def registered(module: nn.Module) -> Iterator[Need]:
    """The needs of the layers in the order in which they were registered."""
    for layer in module.modules():
        need = need_of(layer)
        if need is not None and need.kind in STOPS:
            yield need


def need_of(layer: nn.Module, steps: tuple[Step, ...] = ()) -> Need | None:
    """What a layer of torch.nn wants, None for one that takes anything."""
    if isinstance(layer, nn.Linear):
        return Need(Kind.LINEAR, int(layer.in_features) or 32, steps=steps)
    if isinstance(layer, nn.modules.conv._ConvNd):
        rank = len(layer.kernel_size)
        back = isinstance(layer, nn.modules.conv._ConvTransposeNd)
        return Need(Kind.CONV, int(layer.in_channels) or 3, rank, transposed=back, steps=steps)
    if isinstance(layer, (nn.Embedding, nn.EmbeddingBag)):
        return Need(Kind.EMBEDDING, int(layer.num_embeddings), steps=steps)
    if isinstance(layer, nn.RNNBase):
        first = layer.batch_first
        return Need(Kind.RECURRENT, int(layer.input_size), batch_first=first, steps=steps)
    if isinstance(layer, nn.RNNCellBase):
        return Need(Kind.RECURRENT, int(layer.input_size), cell=True, steps=steps)
    return _need_of_block(layer, steps)


def _need_of_block(layer: nn.Module, steps: tuple[Step, ...]) -> Need | None:
    if isinstance(layer, (nn.TransformerEncoderLayer, nn.TransformerEncoder, nn.Transformer)):
        layer = next((m for m in layer.modules() if isinstance(m, nn.MultiheadAttention)), layer)
    if isinstance(layer, nn.MultiheadAttention):
        return Need(
            Kind.ATTENTION, int(layer.embed_dim), batch_first=layer.batch_first, steps=steps
        )
    if isinstance(layer, nn.LayerNorm):
        return Need(Kind.NORM, int(layer.normalized_shape[-1]), steps=steps)
    if isinstance(layer, (nn.BatchNorm2d, nn.InstanceNorm2d)):
        return Need(Kind.CONV, int(layer.num_features), 2, steps=steps)
    if isinstance(layer, nn.modules.batchnorm._BatchNorm):
        return Need(Kind.NORM, int(layer.num_features), steps=steps)
    return None
