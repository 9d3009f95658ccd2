"""What the constructors of torch's layers make: attributes and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlint.graph import Init
from gradlint.reading.values import UNKNOWN, Object, Parameter, Shape, Tensor, Value

if TYPE_CHECKING:
    from gradlint.reading.recorder import Recorder

_CONV = (
    "in_channels out_channels kernel_size stride=1 padding=0 dilation=1 groups=1 bias=True "
    "padding_mode"
)
_TRANSPOSED = (
    "in_channels out_channels kernel_size stride=1 padding=0 output_padding=0 groups=1 "
    "bias=True dilation=1 padding_mode"
)
_BATCH = "num_features eps=1e-05 momentum=0.1 affine=True track_running_stats=True"
_INSTANCE = "num_features eps=1e-05 momentum=0.1 affine=False track_running_stats=False"
_RECURRENT = (
    "input_size hidden_size num_layers=1 bias=True batch_first=False dropout=0.0 "
    "bidirectional=False proj_size=0"
)
_RNN = (
    "input_size hidden_size num_layers=1 nonlinearity=tanh bias=True batch_first=False "
    "dropout=0.0 bidirectional=False"
)
_CELL = "input_size hidden_size bias=True nonlinearity=tanh"

_SIGNATURES: dict[str, str] = {
    "Linear": "in_features out_features bias=True",
    "Bilinear": "in1_features in2_features out_features bias=True",
    **{f"Conv{n}d": _CONV for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": _TRANSPOSED for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": _BATCH for n in (1, 2, 3)},
    **{f"InstanceNorm{n}d": _INSTANCE for n in (1, 2, 3)},
    "SyncBatchNorm": _BATCH,
    "GroupNorm": "num_groups num_channels eps=1e-05 affine=True",
    "LayerNorm": "normalized_shape eps=1e-05 elementwise_affine=True bias=True",
    "RMSNorm": "normalized_shape eps=1e-05 elementwise_affine=True",
    "Embedding": "num_embeddings embedding_dim padding_idx",
    "EmbeddingBag": "num_embeddings embedding_dim",
    "LSTM": _RECURRENT,
    "GRU": _RECURRENT,
    "RNN": _RNN,
    "LSTMCell": _CELL,
    "GRUCell": _CELL,
    "RNNCell": _CELL,
    "MultiheadAttention": "embed_dim num_heads dropout=0.0 bias=True",
    "PReLU": "num_parameters=1 init=0.25",
    "Dropout": "p=0.5",
}
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1, "LSTMCell": 4, "GRUCell": 3, "RNNCell": 1}
_DEFAULTS: dict[str, Value] = {"True": True, "False": False}


def construct(
    reader: Recorder, made: Object, torch: str, args: list[Value], kwargs: dict[str, Value]
) -> None:
    """Give a layer its attributes and parameters."""
    word = torch.removeprefix("Lazy")
    given = _bound(_SIGNATURES.get(word, ""), args, kwargs, lazy=word != torch)
    shapes = _shapes(word, given)
    made.attributes |= given
    for name, shape in shapes.items():
        init = Init("reset_parameters", next(iter(reader.here()), None), True)
        made.attributes[name] = Parameter(shape=shape, init=init)
    if word == "MultiheadAttention":
        _attention(reader, made, given)
    if "bias" in given and not isinstance(made.attributes["bias"], Tensor):
        made.attributes["bias"] = None


def _bound(
    signature: str, args: list[Value], kwargs: dict[str, Value], lazy: bool
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    words = signature.split()
    for index, word in enumerate(words[1:] if lazy else words):
        name, _, text = word.partition("=")
        value = args[index] if index < len(args) else _default(text)
        found[name] = kwargs.get(name, value)
    return found


def _default(text: str) -> Value:
    if text in _DEFAULTS:
        return _DEFAULTS[text]
    if not text:
        return UNKNOWN
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return text


def _shapes(word: str, given: dict[str, Value]) -> dict[str, Shape]:
    """The parameters of a layer by name, with their shapes as far as they are known."""
    if word == "Linear":
        rows, columns = given["out_features"], given.get("in_features", UNKNOWN)
        return _with_bias({"weight": (rows, columns)}, given, rows)
    if word == "Bilinear":
        shape = (given["out_features"], given["in1_features"], given["in2_features"])
        return _with_bias({"weight": shape}, given, shape[0])
    if word.startswith("Conv"):
        return _convolution(word, given)
    if word in _GATES:
        return _recurrent(word, given)
    if word in ("Embedding", "EmbeddingBag"):
        return {"weight": (given["num_embeddings"], given["embedding_dim"])}
    if word == "PReLU":
        return {"weight": (given["num_parameters"],)}
    return _norm(word, given)


def _with_bias(shapes: dict[str, Shape], given: dict[str, Value], size: Value) -> dict[str, Shape]:
    return shapes if given.get("bias") is False else {**shapes, "bias": (size,)}


def _convolution(word: str, given: dict[str, Value]) -> dict[str, Shape]:
    dimensions = int(word[-2])
    kernel = given["kernel_size"]
    if isinstance(kernel, int) or kernel is UNKNOWN:
        kernel = (kernel,) * dimensions
    given["kernel_size"] = kernel = tuple(kernel) if isinstance(kernel, (tuple, list)) else ()
    outer, inner = given["out_channels"], given.get("in_channels", UNKNOWN)
    if "Transpose" in word:
        outer, inner = inner, outer
    groups = given["groups"]
    if isinstance(inner, int) and isinstance(groups, int) and groups > 0:
        inner //= groups
    elif groups != 1:
        inner = UNKNOWN
    return _with_bias({"weight": (outer, inner, *kernel)}, given, given["out_channels"])


def _norm(word: str, given: dict[str, Value]) -> dict[str, Shape]:
    affine = given.get("affine", given.get("elementwise_affine", False))
    if affine is False:
        return {}
    size = given.get("normalized_shape", given.get("num_features", given.get("num_channels")))
    shape = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    return {"weight": shape} if word == "RMSNorm" else {"weight": shape, "bias": shape}


def _recurrent(word: str, given: dict[str, Value]) -> dict[str, Shape]:
    size, width = given["input_size"], given["hidden_size"]
    rows = width * _GATES[word] if isinstance(width, int) else UNKNOWN
    if word.endswith("Cell"):
        shapes: dict[str, Shape] = {"weight_ih": (rows, size), "weight_hh": (rows, width)}
        biases: dict[str, Shape] = {"bias_ih": (rows,), "bias_hh": (rows,)}
        return shapes if given["bias"] is False else shapes | biases
    found: dict[str, Shape] = {}
    layers = given["num_layers"]
    both = given["bidirectional"] is True
    for layer in range(layers if isinstance(layers, int) else 1):
        for end in ("", "_reverse") if both else ("",):
            wide = width * 2 if both and isinstance(width, int) else width
            found[f"weight_ih_l{layer}{end}"] = (rows, size if layer == 0 else wide)
            found[f"weight_hh_l{layer}{end}"] = (rows, width)
            if given["bias"] is not False:
                found[f"bias_ih_l{layer}{end}"] = found[f"bias_hh_l{layer}{end}"] = (rows,)
    return found


def _attention(reader: Recorder, made: Object, given: dict[str, Value]) -> None:
    size = given["embed_dim"]
    init = Init("reset_parameters", next(iter(reader.here()), None), True)
    rows = size * 3 if isinstance(size, int) else UNKNOWN
    made.attributes["in_proj_weight"] = Parameter(shape=(rows, size), init=init)
    projection = Object("NonDynamicallyQuantizableLinear", None, "Linear", built=made.built)
    construct(reader, projection, "Linear", [size, size], {})
    made.attributes["out_proj"] = projection
