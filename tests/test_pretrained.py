"""Models of the package transformers are built small and without their weights."""

from __future__ import annotations

import importlib.util
import sys
from textwrap import dedent

import pytest

from gradlint.discovery.targets import discover
from gradlint.errors import NotBuilt
from gradlint.source import Source
from gradlint.tracing.build import Builder

# What the package looks like, as far as it matters here.
PACKAGE = {
    "__init__": """
        from transformers.configuration_utils import PretrainedConfig
        from transformers.modeling_utils import PreTrainedModel
        from transformers.models.auto.auto_factory import AutoModel
        from transformers.models.auto.configuration_auto import AutoConfig
        from transformers.models.bert import BertConfig, BertModel, BertPreTrainedModel
        """,
    "configuration_utils": """
        class PretrainedConfig:
            def to_dict(self):
                return vars(self)
            @classmethod
            def from_pretrained(cls, name, **more):
                raise OSError("no network")
        """,
    "modeling_utils": """
        from torch import nn
        class PreTrainedModel(nn.Module):
            config_class = None
            def __init__(self, config):
                super().__init__()
                if type(config) is not self.config_class:
                    raise TypeError("no configuration")
                self.config = config
            @classmethod
            def from_pretrained(cls, name, *args, **more):
                raise OSError("no network")
        """,
    "models/__init__": "",
    "models/auto/__init__": "",
    "models/auto/auto_factory": """
        class _BaseAutoModelClass:
            @classmethod
            def from_pretrained(cls, name, *args, **more):
                raise OSError("no network")
            @classmethod
            def from_config(cls, config):
                from transformers.models.bert import BertModel
                return BertModel(config)
        class AutoModel(_BaseAutoModelClass):
            @classmethod
            def from_pretrained(cls, name, *args, **more):
                raise OSError("no network")
        """,
    "models/auto/configuration_auto": """
        from transformers.models.bert import BertConfig
        CONFIG_MAPPING = {"bert": BertConfig}
        class AutoConfig:
            @classmethod
            def from_pretrained(cls, name, **more):
                raise OSError("no network")
        """,
    "models/bert": """
        from torch import nn
        from transformers.configuration_utils import PretrainedConfig
        from transformers.modeling_utils import PreTrainedModel
        class BertConfig(PretrainedConfig):
            def __init__(self, vocab_size=30522, hidden_size=768, num_hidden_layers=12,
                         num_labels=2, pad_token_id=0):
                self.vocab_size, self.hidden_size = vocab_size, hidden_size
                self.num_hidden_layers, self.num_labels = num_hidden_layers, num_labels
        class BertPreTrainedModel(PreTrainedModel):
            config_class = BertConfig
        class BertModel(BertPreTrainedModel):
            def __init__(self, config, pooled=True):
                super().__init__(config)
                self.words = nn.Embedding(config.vocab_size, config.hidden_size)
                width, depth = config.hidden_size, config.num_hidden_layers
                self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
                self.pooler = nn.Linear(width, width) if pooled else None
            def forward(self, input_ids, attention_mask=None):
                x = self.words(input_ids)
                for layer in self.layers:
                    x = layer(x)
                return x
        """,
}
NET = """
from torch import nn
from transformers import AutoConfig, AutoModel, BertConfig, BertModel, BertPreTrainedModel
class Net({base}):
    def __init__(self, {parameters}):
        super().__init__({passed})
        self.bert = {bert}
        self.head = nn.Linear(768, 2)
    def forward(self, input_ids):
        return self.head(self.bert(input_ids))
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "transformers"]:
        monkeypatch.delitem(sys.modules, name)
    for name, text in PACKAGE.items():
        file = tmp_path / "site" / "transformers" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "transformers"]:
        del sys.modules[name]


def built(bert, parameters="x=1", base="nn.Module", passed=""):
    text = NET.format(bert=bert, parameters=parameters, base=base, passed=passed)
    source = Source("gl_pretrained.py", text)
    (target,) = discover(source)
    builder = Builder(source, target)
    return builder.build(0).module, builder.target


DOWNLOADED = [
    ("BertModel.from_pretrained('bert-base-uncased')", "x=1"),
    ("AutoModel.from_pretrained('google-bert/bert-base-uncased')", "x=1"),
    ("AutoModel.from_pretrained('allenai/scibert_scivocab')", "x=1"),
    ("BertModel.from_pretrained(path)", "path"),
    ("AutoModel.from_pretrained(args.model_name)", "args"),
    ("BertModel.from_pretrained('b', config=BertConfig.from_pretrained('b'))", "x=1"),
    ("AutoModel.from_pretrained('b', config=AutoConfig.from_pretrained('bert'))", "x=1"),
]


@pytest.mark.parametrize(("bert", "parameters"), DOWNLOADED)
def test_a_pretrained_model_is_built_small_and_as_wide_as_it_is(package, bert, parameters):
    net, target = built(bert, parameters)
    assert net.bert.words.weight.shape == (100, 768)
    assert len(net.bert.layers) == 2
    assert target.loads_weights


def test_what_configures_a_pretrained_model_is_kept(package):
    bert = "BertModel.from_pretrained('b', num_labels=7, pooled=False, cache_dir='c')"
    net, _ = built(bert)
    assert net.bert.config.num_labels == 7
    assert net.bert.pooler is None


@pytest.mark.parametrize(
    ("base", "parameters", "passed", "name"),
    [
        ("BertPreTrainedModel", "config", "config", "BertPreTrainedModel.config_class"),
        ("nn.Module", "config: BertConfig", "", "BertConfig"),
        ("nn.Module", "config: 'BertConfig'", "", "BertConfig"),
        ("nn.Module", "config", "", "BertModel.config_class"),
    ],
)
def test_a_configuration_is_one_of_the_class_that_is_asked_for(
    package, base, parameters, passed, name
):
    net, target = built("BertModel(config)", parameters, base, passed)
    assert len(net.bert.layers) == 2
    (argument,) = target.arguments
    assert argument.value == f"{name}(vocab_size=100, num_hidden_layers=2)"
    assert (argument.origin, argument.guessed) == (f"the class {name}", True)
    assert not target.loads_weights


def test_a_name_that_says_no_kind_of_model_is_told(package):
    with pytest.raises(NotBuilt, match="the kind of model that 'mine' stands for is not known"):
        built("AutoModel.from_pretrained('mine')")


def test_what_downloads_is_as_before_after_a_build(package):
    built("BertModel.from_pretrained('b')")
    with pytest.raises(OSError, match="no network"):
        sys.modules["transformers"].BertModel.from_pretrained("b")


@pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers is not installed"
)
@pytest.mark.parametrize(("bert", "parameters"), [DOWNLOADED[0], DOWNLOADED[4]])
def test_the_real_package_is_built_the_same_way(bert, parameters):
    net, target = built(f"{bert}", parameters)
    assert net.bert.embeddings.word_embeddings.weight.shape == (100, 768)
    assert len(net.bert.encoder.layer) == 2
    assert target.loads_weights
