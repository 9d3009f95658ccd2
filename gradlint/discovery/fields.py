"""What a field of a constructor is given where nothing but its name is known.

Widths are 64 and heads 4, so that whatever must divide or agree does. What decides whether a
network is sick is never guessed (a gain, a deviation) or guessed harmless (a small depth).
It imports no torch: the same table answers in the child.
"""

from __future__ import annotations

import re
from collections.abc import Collection

WIDTH = 64
DEPTH = "2"

# The first pattern that matches the whole name, written in snake case, counts.
_MATRIX = f"torch.randn(100, {WIDTH})"  # of word vectors
_TAGS = "{'<START>': 0, '<STOP>': 1, '<PAD>': 2, '<UNK>': 3, 'B': 4, 'I': 5, 'O': 6}"
_TABLE: tuple[tuple[str, str], ...] = (
    (
        _MATRIX,
        (
            r"(.*_)?(weights?|embed(ding)?s?|emb|vectors?|word2vec|w2v|glove|vocab)_?"
            r"(matrix|mat|weights|vectors?|table)|pretrained_(embed(ding)?s?|vectors?|emb|weights?)|"
            r"weights"
        ),
    ),
    (str(WIDTH), r"embed(ding)?s?_len(gth)?"),
    (_TAGS, r"(.*_)?(to|2)_?(ix|idx|id|index|int)s?"),
    ("8", r"(.*_)?batch_?size|bsz|batch"),
    ("96", r"(max|num|n)_\w+_(len|length|tokens|words|sents?|sentences)"),
    (
        "False",
        (
            r"(use|is|has|with|no|add|do|return|enable|training|tie|freeze|pretrained|"
            r"learnable)_.*"
        ),
    ),
    (
        "False",
        (
            r"bidirectional|individual|pretrained|debug|bottleneck|causal|use_norm|share|residual|"
            r"affine|subtract_last|decomposition|need_\w+|toggle_\w+|concat_\w+"
        ),
    ),
    (
        "10",
        r"(.*_)?(n|num|nb|out|number_of)_?(class|classes|cls|label|labels|tags?|categor(y|ies))",
    ),
    ("10", r"(.*_)?(class(es)?_?(num|count|size)?|labels?_size|tagset_size|nclass(es)?)"),
    ("0", r"(.*_)?(pad|padding)_?(idx|index|id|token_id|value|token)"),
    ("1", r"(.*_)?(bos|sos|cls|start|mask)_?(idx|index|id|token_id|token)|bos|sos"),
    ("2", r"(.*_)?(eos|sep|end|unk)_?(idx|index|id|token_id|token)|eos"),
    (
        "100",
        (
            r"(.*_)?(vocab|vocb|voc|dict|dictionary|alphabet)(ulary)?(_?(size|len|length|dim|"
            r"num))?"
        ),
    ),
    ("100", r"n_?(src|trg|tgt|source|target)_?vocab"),
    ("100", r"(.*_)?(n|num|nb)_?(embeddings|vocab|words?|chars?|tokens?|symbols|items?|users?)"),
    ("100", r"ntokens?|max_(features|tokens|words)|(src|tgt|trg|input|output)_vocab.*"),
    ("16", r"(.*_)?(dim|size|d)_?(per_)?head|(.*_)?head_(dim|size|width)"),
    ("16", r"d_[kvq]|dim_(key|value|query)|key_dim|value_dim|k_dim|v_dim"),
    ("4", r"(.*_)?(n|num|nb|attention|attn)?_?(n|num|nb)?_?heads?(_num|_count)?"),
    (
        "0.1",
        r"(.*_)?(dropout|drop|drop_?path)(_?(rate|prob|p|out|ratio|probability))?|(p_|prob_).*",
    ),
    ("0.1", r"p|prob|[a-z]+_p|.*drop.*"),
    ("3", r"(.*_)?(kernel|filter|conv)_?(sizes?|widths?|heights?|length|dim)"),
    ("3", r"ks?|kernel|ksize|proj_kernel"),
    ("1", r"(.*_)?(stride|strides|dilation|groups?|ngpu|n_gpus?|world_size|multiplier)"),
    ("1", r"padding|pad|(.*_)?pad_(size|width)"),
    ("2", r"expansion(_(rate|factor|ratio))?|expand(_ratio)?|mlp_(mult|ratio)|mult|ffn?_mult"),
    ("0.2", r"\w*alpha|negative_slope"),
    ("12", r"growth_?rate|k_growth"),
    ("1", r"widen?_?factor|width_mult(iplier)?|(.*_)?coefficient"),
    ("4", r"cardinality|num_group"),
    ("16", r"base_?width|bottleneck_width"),
    (
        "2",
        (
            r"(.*_)?(upscale|upsampling|upsample|scale|downsample|down_?sampl\w+)_(factor|ratio|"
            r"rate|window)"
        ),
    ),
    ("0.25", r"(se_)?ratio|.*_ratio|.*_rate|masking_ratio"),
    ("4", r"reduction(_(ratio|factor))?|squeeze_?factor"),
    ("8", r"image_patch_size|patch_size|patch_dim|p_size|patch"),
    ("2", r"frame_patch_size"),
    ("4", r"frames|(n|num|max)_frames|num_segments"),
    ("4", r"(.*_)?window(_size)?|win(_size)?|.*local_(patch|window)_?size"),
    ("16", r"patch_len(gth)?|seg_len|segment_len(gth)?"),
    (str(WIDTH), r"(image|img|im|input|crop)_(size|res|resolution|dim)_?[hw]?"),
    (
        str(WIDTH),
        (
            r"(resolution|image_resolution|sidelength|img_h|img_w|height|width_in|imsize|im_sz|"
            r"fmap_size)"
        ),
    ),
    (
        f"(3, {WIDTH}, {WIDTH})",
        r"(image|img|input|x|in|obs|observation|state|data)_?(shape|dims)|shape",
    ),
    ("(4,)", r"(action)_shape"),
    (f"({WIDTH},)", r"(normalized|hidden|feature|latent)_shape"),
    ("48", r"label_len(gth)?"),
    (
        "96",
        (
            r"(.*_)?(seq|sequence|pred|context|ctx|target|horizon|src|tgt|lookback|input)_?(len|"
            r"length|size_t|window)s?"
        ),
    ),
    (
        "96",
        (
            r"seq_len_(q|kv|k)|max_(seq_?)?(len|length|position|positions|time|timesteps?|steps?|seq)|n_(ctx|"
            r"positions|steps)"
        ),
    ),
    ("96", r"max_(position_embeddings|sequence_length|seq_length|text_len|src_len|tgt_len)"),
    (
        "96",
        (
            r"block_size|bptt|maxlen|seqlen|seq_length|context|history|(num|n)_(timesteps|steps)|"
            r"T|t_len|static_len"
        ),
    ),
    (
        "7",
        (
            r"(enc_in|dec_in|c_out|c_in|n_vars?|num_vars?|variable_num|num_variates|channel_num|"
            r"node_num|num_nodes?)"
        ),
    ),
    ("'h'", r"freq"),
    ("25", r"moving_avg|moving_average"),
    (
        "2",
        (
            r"top_?k|beam_size|seg_num|num_(kernels|experts|codebooks|hierarchies|slots|branches|scales|"
            r"stages)"
        ),
    ),
    ("8", r"modes\d?|n_modes|nfft"),
    (DEPTH, r"(.*_)?(depth|layers?|blocks?|stacks?|levels?|repeats?)"),
    (
        DEPTH,
        (
            r"(.*_)?(n|num|nb)_?(.*_)?(layers?|blocks?|stages|levels|cells|units_per|hiddens|"
            r"convs?|flows|stacks)"
        ),
    ),
    (
        DEPTH,
        r"(.*_)?(layers?|blocks?|hidden_layers?)_?(num|count|n)|nlayers?|nblocks?|[ed]_layers",
    ),
    (DEPTH, r"(.*_)?depths?_?\w?"),
    (
        "32",
        (
            r"(z|latent|noise|code|style|content)_?(dim|size|channels|features)?\d*|nz|"
            r"latent\d_dim|code_len"
        ),
    ),
    (
        "128",
        (
            r"(.*_)?(mlp|ff|ffn|inner|feed_?forward|intermediate|d_?ff)_?(dim|size|hidden|"
            r"features|width)?"
        ),
    ),
    (
        "128",
        (
            r"d_(ff|inner|hid|inner_hid|ffn|mlp)|dim_feedforward|hidden_features|ffn_embed_dim|"
            r"nhid_ff"
        ),
    ),
    (
        "3",
        (
            r"(img|image|input|in|n|num|nb|im)_?(channels?|chans?|ch|nc|c)|nc|channels?|input_nc|"
            r"output_nc|in_c|chan"
        ),
    ),
    ("3", r"(colou?r|image)_channels|n_colors|spectral"),
    (
        "32",
        (
            r"(input|in|obs|observation|state|feature|features|num|n|x|d)_?(input|inputs|in|dim|"
            r"size|features?|states?|inn|node_features|dims)"
        ),
    ),
    (
        "32",
        (
            r"nfeat|d_in|nIn|n_?in|(dim|size)_(input|state|obs)|input|inputs|num_feature|w_in|"
            r"s_dim|n_s"
        ),
    ),
    (
        "10",
        (
            r"(output|out|action|n|num|target|category|num_of)_?(output|outputs|out|dim|size|"
            r"features?|actions?|units_out|targets?)"
        ),
    ),
    (
        "10",
        (
            r"d_out|nOut|n_?out|(dim|size)_(output|action)|action_space(_shape)?|output|outputs|"
            r"a_dim|n_a|w_out|n_atoms"
        ),
    ),
    (
        str(WIDTH),
        (
            r"(.*_)?(hidden|hid|hiddens|embed|emb|embedding|embeddings|model|rnn|lstm|gru|fc|conv|"
            r"d|dim|h|attn|attention|node|word|char|token|base|enc|dec|encoder|decoder|proj|"
            r"projection|global|query|bottleneck|mid|key|lg|sm|layer|context|memory|feature|"
            r"features|channel|channels|planes|filters|inner|user|item|time|group|skip|pos)_?(dim|"
            r"size|units?|features|channels?|ch|width|neurons|planes|dims?|hidden|nodes|d|c|inner|"
            r"embed|emb|len|num)?\d*"
        ),
    ),
    (
        str(WIDTH),
        (
            r"ngf|ndf|nf|ninp|nhid\w*|nhidden\d?|hidden|units|width|dim|embed|emb|ndim|d|h|"
            r"channel_in|(in_?|out_?)?planes|inp|oup|filters|c\d|c|ch|features"
        ),
    ),
    (
        str(WIDTH),
        (
            r"(.*_)?(dim|dims|size|width|neurons|features|units|planes|channels|filters|hidden|"
            r"nodes|ch|embedding)_?(in|out|\d+|s)?"
        ),
    ),
    (
        str(WIDTH),
        (
            r"(in|out|mid|n|num)_?(planes|filters|channels|features|hidden|units|neurons)\w*|"
            r"n_hidden_?\d?"
        ),
    ),
    ("1e-5", r"(.*_)?(eps|epsilon|layer_norm_eps|norm_eps)"),
    ("0.9", r"momentum|gamma"),
    ("0.001", r"(learning_rate|lr|.*_lr|weight_decay)"),
    ("1.0", r"temperature|beta\d?|lamb(da|d)?\w*|weight|theta|tau|v_max|factor|rope_theta"),
    ("-1.0", r"v_min"),
    ("0", r"rank|local_rank|seed|layer_i(d|dx|ndex)|index|idx|i|verbose"),
    ("'cpu'", r"(.*_)?(device|dev)"),
    ("torch.float32", r"dtype|data_type"),
    ("True", r"bias|batch_?first|qkv_bias|revin"),
    ("'model'", r"name|prefix|mode_name"),
    ("2", r"\w+_every"),
    ("4", r"(n|num|number_of)_\w+"),  # of what is not known
)
_COMPILED = [(re.compile(pattern), value) for value, pattern in _TABLE]
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z]|[A-Z]$)")

_NEVER = re.compile(
    r"(.*_)?(std|stdv?|stddev|gain|sigma|variance|init\w*_(range|scale|std|value|factor)|"
    r"initializer\w*|scale|init_\w+|omega\w*|w0)"
)
_OUTWARD = re.compile(r"(out|output)_?(ch|chan|channels?|planes|c|dim|features)|oup|planes|c2|nout")
_INWARD = re.compile(r"(in|input)_?(ch|chan|channels?|planes|c|dim|features)|inp|inplanes|c1|n_?in")
_IMAGE = re.compile(r"(n|num|nb)_?class(es)?|(img|image)_size")

_INNER = re.compile(r"(\w+)=")
_DEEP = re.compile(
    r"(.*_)?(depths?|(n|num|nb)_?(.*_)?(layers?|blocks?|stages|repeats?|cells|stacks|levels)|"
    r"layers?(_num)?|nlayers?|blocks?|[ed]_layers|block_?num)"
)
_LONG = re.compile(r"(.*_)?(len|length|seqlen|maxlen|bptt|block_size|n_ctx|steps|timesteps)")
_STRONG = re.compile(r"(.*_)?(gain|std|sigma|scale|alpha|temperature|gamma|init\w*)")
_CONFIGURATION = re.compile(
    r"(^|_)(configs?|configuration|conf|cfg|c?args?|opts?|params|hparams|hps|options|settings|"
    r"flags|envs?|(observation|action)_space)$|config$"
)
_MODULE = re.compile(
    r"(?!d_model$)(.*_)?(encoder|decoder|backbone|net|network|model|generator|discriminator|attention|attn|"
    r"vit|transformer|vae_model|feed_forward|teacher|student|critic|actor|module)|(src|tgt)_embed"
)


def snake(name: str) -> str:
    """`hiddenSize` and `hidden_size` are one name."""
    return _CAMEL.sub("_", name).lower() if not name.isupper() else name.lower()


def value(name: str, siblings: Collection[str] = ()) -> str | None:
    """What a field of this name is given, as it would be written; `siblings` stand beside it."""
    word = snake(name)
    if _NEVER.fullmatch(word):
        return None
    beside = [snake(other) for other in siblings]
    image = any(_IMAGE.fullmatch(other) for other in beside)
    if _INWARD.fullmatch(word) and any(map(_OUTWARD.fullmatch, beside)) and not image:
        return str(WIDTH)  # a block
    return _entry(word)[1]


def _entry(word: str) -> tuple[re.Pattern[str] | None, str | None]:
    """The first pattern of the table that matches a name in snake case, and its value."""
    return next((entry for entry in _COMPILED if entry[0].fullmatch(word)), (None, None))


def decides(name: str, text: str = "") -> bool:
    """Whether a field can make a network sick: a depth, a list of layers, a length, a scale.

    A number of what is not known may be one of these.
    """
    word = snake(name.rpartition(".")[2])
    if _entry(word) is _COMPILED[-1]:
        return True
    if any(decides(inner) for inner in _INNER.findall(text)):  # `Encoder(num_layers=2)`
        return True
    return text.startswith("[") or any(
        pattern.fullmatch(word) for pattern in (_DEEP, _LONG, _STRONG)
    )


def never(name: str) -> bool:
    """Whether a field is one that is not guessed: a gain, a deviation."""
    return _NEVER.fullmatch(snake(name)) is not None


def is_configuration(name: str) -> bool:
    """Whether a field holds an object of settings."""
    return _CONFIGURATION.search(snake(name)) is not None


def is_module(name: str) -> bool:
    """Whether a field holds a part of the network."""
    return _MODULE.fullmatch(snake(name)) is not None


def staged(name: str) -> bool:
    """Whether a list of this name has one entry a stage: `layers`, `num_blocks`."""
    return _DEEP.fullmatch(snake(name)) is not None


def pretrained(text: str) -> bool:
    """Whether an option asks for weights from elsewhere."""
    return "pretrain" in text or "imagenet" in text.lower()
