"""Mean-field theory of wide random networks: what the probe must measure.

With weights of variance sigma_w^2 / fan_in and biases of variance sigma_b^2, the mean square q
of a wide layer's output, and the factor by which the mean square of the gradient changes from
that layer back to the one before, are

    q_(l+1) = sigma_w^2 E[phi(sqrt(q_l) z)^2] + sigma_b^2
    chi_l   = sigma_w^2 E[phi'(sqrt(q_l) z)^2]        z standard normal

(Poole et al. 2016, "Exponential expressivity in deep neural networks through transient chaos";
Schoenholz et al. 2017, "Deep information propagation".) The expectations are Gauss-Hermite
quadratures; an even number of nodes takes a kink or a step at zero from both sides alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

NODES = 200
BATCH_NORM_RELU = math.sqrt(math.pi / (math.pi - 1))  # Yang et al. 2019, large batches


@dataclass(frozen=True)
class Law:
    """Variances of a layer's weights (times fan-in) and of its biases."""

    weight: float
    bias: float = 0.0


def default(width: int) -> Law:
    """nn.Linear's own initialisation: both are uniform within 1 / sqrt(fan_in)."""
    return Law(1 / 3, 1 / (3 * width))


XAVIER = Law(1.0)  # of square layers
HE = Law(2.0)


def mean(function: Callable[[Tensor], Tensor], q: float) -> float:
    """E[function(sqrt(q) z)] for a standard normal z."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    values = function(torch.from_numpy(nodes) * math.sqrt(q))
    return float((torch.from_numpy(weights) * values).sum() / math.sqrt(2 * math.pi))


def slope_of(phi: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """phi', by automatic differentiation."""
    at = at.clone().requires_grad_()
    (slope,) = torch.autograd.grad(phi(at).sum(), at)
    return slope


def chi(law: Law, phi: Callable[[Tensor], Tensor], q: float) -> float:
    """The factor of the gradient's mean square across one activation and the layer after it."""
    return law.weight * mean(lambda z: slope_of(phi, z).square(), q)


def factors(law: Law, phi: Callable[[Tensor], Tensor], layers: int, q: float = 1.0) -> list[float]:
    """By what the gradient's rms changes from each layer's output back to the one before.

    `q` is the mean square of the network's input. The first factor is that nearest the input.
    """
    q = law.weight * q + law.bias
    found = []
    for _ in range(layers - 1):
        found.append(math.sqrt(chi(law, phi, q)))
        q = law.weight * mean(lambda z: phi(z).square(), q) + law.bias
    return found
