"""All networks of the benchmark, and the source of each.

python benchmarks/truth/networks.py               # how many there are, by family and half
python benchmarks/truth/networks.py NAME          # the source of one of them
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache

import attention
import broken
import catalogue
import dense
import fields
import images
import recurrence
from spec import Spec
from writing import Written

_WRITERS = {
    "mlp": dense.mlp,
    "glu": dense.glu,
    "ae": dense.autoencoder,
    "field": fields.coordinates,
    "conv": images.conv,
    "se": images.squeezed,
    "conv-ae": images.autoencoder,
    "gan": images.gan,
    "recurrent": recurrence.recurrent,
    "transformer": attention.transformer,
    "broken": broken.broken,
}


@cache
def specs() -> tuple[Spec, ...]:
    """Every network, by name."""
    return tuple(sorted(catalogue.specs(), key=lambda spec: spec.name))


def written(spec: Spec) -> Written:
    """The source of a network."""
    return _WRITERS[spec.family](spec)


def named(name: str) -> Spec:
    """The network of that name."""
    return next(spec for spec in specs() if spec.name == name)


def main() -> None:
    """Print one source, or the counts."""
    if names := sys.argv[1:]:
        print(written(named(names[0])).text)
        return
    for title, key in (("family", "family"), ("cause", "cause"), ("half", "half")):
        counted = Counter(getattr(spec, key) or "none" for spec in specs())
        print(f"{title}: " + ", ".join(f"{name} {n}" for name, n in counted.most_common()))
    print(f"{len(specs())} networks, {sum(spec.demanding for spec in specs())} demanding")


if __name__ == "__main__":
    main()
