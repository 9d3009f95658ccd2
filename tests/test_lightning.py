"""A model whose base class belongs to a package that is not installed."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest
from torch import nn

from gradlint.discovery.definitions import execute
from gradlint.discovery.missing import needed
from gradlint.discovery.targets import discover
from gradlint.errors import NotBuilt
from gradlint.source import Source
from gradlint.tracing.build import Builder

NET = """
from torch import nn
{imports}
class Net({base}):
    def __init__(self, width=8, rate=0.1, **more):
        super().__init__()
        {save}
        self.layer = nn.Linear(self.hparams.width, 2)
        self.log("loss", 1)

    def forward(self, x):
        return self.layer(x)
"""
WITH = """
class Net({base}):
    def __init__(self):
        super().__init__()
        self.layer = {layer}
    def forward(self, x):
        return self.layer(x)
"""


@pytest.fixture(autouse=True)
def _not_installed(monkeypatch):
    for name in ("pytorch_lightning", "lightning", "huggingface_hub", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)


def executed(text):
    namespace = {}
    execute(Source("gl_net.py", dedent(text)), namespace)
    return namespace


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("import pytorch_lightning as pl", "pl.LightningModule"),
        ("from pytorch_lightning import LightningModule", "LightningModule"),
        ("from pytorch_lightning.core import LightningModule as L", "L"),
        ("import lightning", "lightning.LightningModule"),
        ("import lightning.pytorch as pl", "pl.LightningModule"),
    ],
)
@pytest.mark.parametrize(
    ("save", "kept"),
    [
        ("self.save_hyperparameters()", {"width": 8, "rate": 0.1, "depth": 3}),
        ("self.save_hyperparameters('width')", {"width": 8}),
        ("self.save_hyperparameters(ignore=['rate'])", {"width": 8, "depth": 3}),
        ("self.save_hyperparameters({'width': 8})", {"width": 8}),
        ("self.hparams.update(width=8)", {"width": 8}),
    ],
)
def test_a_lightning_module_is_a_network_without_its_trainer(imports, base, save, kept):
    net = executed(NET.format(imports=imports, base=base, save=save))["Net"](depth=3)
    assert net.hparams == kept
    assert [tuple(p.shape) for p in net.parameters()] == [(2, 8), (2,)]
    assert net.trainer is None


def test_a_model_that_could_be_shared_needs_no_hub():
    text = """
    from torch import nn
    from huggingface_hub import PyTorchModelHubMixin
    class Net(nn.Module, PyTorchModelHubMixin, library_name="nets"):
        pass
    """
    assert isinstance(executed(text)["Net"](), nn.Module)


@pytest.mark.parametrize(
    "net",
    [
        WITH.format(base="transformers.PreTrainedModel", layer="nn.Linear(8, 8)"),
        WITH.format(base="nn.Module", layer="transformers.BertModel()"),
    ],
)
def test_a_model_that_needs_a_missing_package_names_it(net):
    source = Source("gl_net.py", f"from torch import nn\nimport transformers\n{net}")
    (target,) = discover(source)
    with pytest.raises(NotBuilt):
        Builder(source, target).build(0)
    failure = needed()
    assert failure is not None
    assert "line 2: the package 'transformers' is not installed" in failure.message
