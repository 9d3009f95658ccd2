"""The vocabulary of rules: what an operation does, however it is written.

`nn.Sigmoid()`, `torch.sigmoid(x)`, `F.sigmoid(x)` and `x.sigmoid()` all have the
name "sigmoid" and the kind SATURATING. This module imports no torch.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What an operation is to a gradient that passes through it."""

    LINEAR = "linear"  # a matrix product with a parameter
    CONV = "conv"
    NORM = "norm"
    SATURATING = "saturating"  # bounded on both sides, slope near zero far out
    RECTIFIER = "rectifier"  # ReLU and its smooth relatives
    GATE = "gate"  # a saturating operation whose result is multiplied into another branch
    HEAD = "head"  # a saturating operation after which no parameter follows
    ADD = "add"  # two branches joined by a sum: a residual connection
    JOIN = "join"  # two branches joined otherwise: product, concatenation
    RECURRENT = "recurrent"
    ATTENTION = "attention"
    EMBEDDING = "embedding"
    SOFTMAX = "softmax"
    DROPOUT = "dropout"
    POOL = "pool"
    RESHAPE = "reshape"
    OTHER = "other"
    UNKNOWN = "unknown"  # code that the reading of the source does not see: anything may be in it


LAYERS = frozenset({Kind.LINEAR, Kind.CONV})
ACTIVATIONS = frozenset({Kind.SATURATING, Kind.RECTIFIER})

_NAMES: dict[Kind, str] = {
    Kind.LINEAR: "linear bilinear addmm addmv addbmm baddbmm",
    Kind.CONV: "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
    Kind.NORM: "batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm",
    Kind.SATURATING: "sigmoid tanh hardtanh hardsigmoid softsign expit erf",
    Kind.RECTIFIER: (
        "relu relu6 leaky_relu elu selu celu gelu silu mish softplus hardswish prelu rrelu "
        "threshold logsigmoid"
    ),
    Kind.ADD: "add sub rsub",
    Kind.JOIN: "mul div cat concat concatenate stack matmul mm bmm einsum where maximum minimum",
    Kind.RECURRENT: ("rnn_tanh rnn_relu lstm gru rnn_tanh_cell rnn_relu_cell lstm_cell gru_cell"),
    Kind.ATTENTION: "multi_head_attention_forward scaled_dot_product_attention",
    Kind.EMBEDDING: "embedding embedding_bag",
    Kind.SOFTMAX: "softmax log_softmax softmin gumbel_softmax",
    Kind.DROPOUT: ("dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout"),
    Kind.POOL: (
        "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d "
        "adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
        "adaptive_max_pool3d mean sum amax max interpolate upsample lp_pool2d"
    ),
    Kind.RESHAPE: (
        "view reshape flatten permute transpose squeeze unsqueeze contiguous expand repeat chunk "
        "split unbind movedim swapaxes t unflatten getitem to clone float roll pad view_as "
        "expand_as reshape_as narrow index_select select unfold fold pixel_shuffle "
        "pixel_unshuffle type_as identity T mT"
    ),
}
KIND_OF: dict[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}


_OF_CLASS = {name.replace("_", ""): name for name in KIND_OF} | {
    "multiheadattention": "multi_head_attention_forward",
    "syncbatchnorm": "batch_norm",
}


def layer_name(word: str) -> str:
    """The canonical name of what a layer class does: BatchNorm2d gives "batch_norm"."""
    word = word.lower().removeprefix("lazy")
    return _OF_CLASS.get(word) or _OF_CLASS.get(re.sub(r"[123]d$", "", word), word)


def kind_of(name: str) -> Kind:
    """The kind of an operation by its canonical name: "relu", "conv2d", "add"."""
    return KIND_OF.get(name, Kind.OTHER)
