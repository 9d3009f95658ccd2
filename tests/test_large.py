"""Large packages are imported once for all models of a run."""

from __future__ import annotations

import os
import sys

import pytest

from gradlint import large


@pytest.mark.parametrize(
    ("texts", "announced"),
    [
        ([], ""),
        (["import torch", "x = 'import pandas'"], ""),
        (["import pandas as pd", "from torchvision import models\n"], "torchvision pandas"),
        (["def f():\n    import matplotlib.pyplot as plt"], "matplotlib.pyplot"),
    ],
)
def test_only_what_some_file_imports_is_announced(monkeypatch, texts, announced):
    monkeypatch.setenv("GRADLINT_LARGE", "before")
    large.announce(texts)
    assert os.environ["GRADLINT_LARGE"] == announced


def test_what_cannot_be_imported_is_passed_over_without_a_word(monkeypatch, tmp_path, capfd):
    (tmp_path / "gl_broken.py").write_text("print('loud')\nraise RuntimeError('broken')\n")
    (tmp_path / "gl_whole.py").write_text("import warnings\nwarnings.warn('loud')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("GRADLINT_LARGE", "gl_broken gl_nowhere gl_whole")

    large.load()

    assert sys.modules.pop("gl_whole")
    assert capfd.readouterr() == ("", "")
