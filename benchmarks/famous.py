"""No finding may be confirmed in a famous architecture: those of installed packages, made small.

    python benchmarks/famous.py timm torchvision transformers diffusers --save famous/

Each architecture is written as a file with `gradlint_model()` and checked as a user checks it.
Of timm the smallest architectures of each of its modules are taken, of transformers each kind of
model with small sizes in its configuration. The results are kept in the folder of `--save`, one
file an architecture, and what is there already is not measured again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gradlint.checker import check
from gradlint.command.config import Request, Settings

SMALL = {
    "hidden_size": 64,
    "d_model": 64,
    "n_embd": 64,
    "dim": 64,
    "intermediate_size": 128,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "num_hidden_layers": 4,
    "n_layer": 4,
    "n_layers": 4,
    "num_layers": 4,
    "encoder_layers": 4,
    "decoder_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "head_dim": 16,
    "vocab_size": 512,
    "image_size": 64,
    "pad_token_id": 0,
}
TIMM = """\
import timm
import torch


def gradlint_model():
    return timm.create_model("{name}", pretrained=False), torch.randn(4, 3, {size}, {size})
"""
TORCHVISION = """\
import torch
from torchvision import models


def gradlint_model():
    return models.get_model("{name}", weights=None{backbone}), torch.randn(4, 3, {shape})
"""
TRANSFORMERS = """\
import torch
from transformers import AutoConfig, AutoModel


def gradlint_model():
    config = AutoConfig.for_model("{name}")
    for key, value in {small}.items():
        if isinstance(getattr(config, key, None), int):
            setattr(config, key, value)
    model = AutoModel.from_config(config)
    if model.main_input_name == "pixel_values":
        return model, torch.randn(4, 3, config.image_size, config.image_size)
    return model, torch.randint(5, 500, (4, 16))
"""
DIFFUSERS = """\
import torch
import diffusers


def gradlint_model():
    return diffusers.{name}({arguments}), {inputs}
"""
_BLOCKS = "block_out_channels=(32, 64), norm_num_groups=8"
_DOWN = 'down_block_types=("DownBlock2D", "AttnDownBlock2D")'
_UP = 'up_block_types=("AttnUpBlock2D", "UpBlock2D")'
_DIT = "num_attention_heads=4, attention_head_dim=16, num_layers=4, sample_size=16, in_channels=4"
_NOISY = "torch.randn(4, 3, 32, 32)"
_STEP = "torch.randint(1, 900, (4,))"
_PATCHES = "hidden_states=torch.randn(4, 4, 16, 16)"
_CLASSES = "class_labels=torch.randint(0, 1000, (4,))"
PARTS = {
    "UNet2DModel": (f"sample_size=32, {_BLOCKS}, {_DOWN}, {_UP}", f"({_NOISY}, {_STEP})"),
    "AutoencoderKL": (_BLOCKS, _NOISY),
    "VQModel": (_BLOCKS, _NOISY),
    "AutoencoderTiny": ("", _NOISY),
    "DiTTransformer2DModel": (_DIT, f"dict({_PATCHES}, timestep={_STEP}, {_CLASSES})"),
}


def of_timm(each: int) -> Iterator[tuple[str, str]]:
    """The smallest architectures of each module."""
    import timm
    import torch

    def size(name: str) -> int:
        with torch.device("meta"):
            model = timm.create_model(name, pretrained=False)
        return sum(parameter.numel() for parameter in model.parameters())

    for module in timm.list_modules():
        names = [name for name in timm.list_models(module=module) if _fits(name)]
        sized: list[tuple[int, str]] = []
        for name in names[: 8 * each]:
            try:
                sized.append((size(name), name))
            except (RuntimeError, NotImplementedError, ValueError):
                continue
        for _, name in sorted(sized)[:each]:
            found = timm.get_pretrained_cfg(name)
            native = found.input_size[-1] if found else 224
            pixels = native if found and found.fixed_input_size else min(native, 128)
            yield name, TIMM.format(name=name, size=pixels)


def _fits(name: str) -> bool:
    return not any(word in name for word in ("giant", "huge", "xxl", "_1024", "_22k"))


def of_torchvision(_: int) -> Iterator[tuple[str, str]]:
    """Classification, segmentation and video; detection needs boxes."""
    from torchvision import models

    for name in models.list_models():
        where = models.get_model_builder(name).__module__
        if "detection" in where or "optical_flow" in where or "quantization" in where:
            continue
        backbone = ", weights_backbone=None" if "segmentation" in where else ""
        shape = "8, 64, 64" if "video" in where else "224, 224" if "vit" in name else "128, 128"
        yield name, TORCHVISION.format(name=name, backbone=backbone, shape=shape)


def of_transformers(_: int) -> Iterator[tuple[str, str]]:
    """Each kind of model that has a base class."""
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    for name in MODEL_MAPPING_NAMES:
        yield name, TRANSFORMERS.format(name=name, small=SMALL)


def of_diffusers(_: int) -> Iterator[tuple[str, str]]:
    """Networks of diffusion models."""
    for name, (arguments, inputs) in PARTS.items():
        yield name, DIFFUSERS.format(name=name, arguments=arguments, inputs=inputs)


PACKAGES = {
    "timm": of_timm,
    "torchvision": of_torchvision,
    "transformers": of_transformers,
    "diffusers": of_diffusers,
}


def measure(text: str, saved: Path, timeout: float) -> dict:
    """What became of an architecture, from the saved file where there is one."""
    if not saved.is_file():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"{saved.stem}.py")
            file.write_text(text, encoding="utf-8")
            settings = Settings(search_fixes=False, jobs=1, timeout=timeout)
            report = check([Request(str(file), ("gradlint_model",))], settings)
        findings = [f"{each.name} {each.state}" for each in report.findings]
        status = [(str(model.status), model.reason) for model in report.models]
        errors = [problem.message for problem in report.problems]
        found = {"status": status, "findings": findings, "errors": errors}
        saved.write_text(json.dumps(found), encoding="utf-8")
    return json.loads(saved.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="+", choices=PACKAGES)
    parser.add_argument("--save", type=Path, required=True, help="folder for the results")
    parser.add_argument("--each", type=int, default=4, help="architectures of a module of timm")
    parser.add_argument("--most", type=int, help="at most so many new measurements of a package")
    parser.add_argument("--timeout", type=float, default=60.0)
    asked = parser.parse_args()
    print("| package | architectures | probed | confirmed | unproven |")
    print("| --- | --- | --- | --- | --- |")
    for package in asked.packages:
        importlib.import_module(package)
        _row(package, asked)


def _row(package: str, asked: argparse.Namespace) -> None:
    folder = asked.save / package
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict] = {}
    fresh = 0
    for name, text in PACKAGES[package](asked.each):
        saved = folder / f"{name.replace('.', '_').replace('-', '_')}.json"
        fresh += not saved.is_file()
        if asked.most is not None and fresh > asked.most:
            break
        results[name] = measure(text, saved, asked.timeout)
    probed = [name for name, found in results.items() if _is_probed(found)]
    states = {
        state: [name for name in probed if any(state in each for each in results[name]["findings"])]
        for state in ("confirmed", "unproven")
    }
    counts = (len(results), len(probed), *(len(names) for names in states.values()))
    print(f"| {package} | " + " | ".join(map(str, counts)) + " |", flush=True)
    for name in states["confirmed"]:
        print(f"  {name}: {', '.join(results[name]['findings'])}", file=sys.stderr)


def _is_probed(found: dict) -> bool:
    return any(status == "probed" for status, _ in found["status"])


if __name__ == "__main__":
    main()
