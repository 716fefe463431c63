# SPDX-License-Identifier: Apache-2.0
"""In which precision this machine computes a model fastest: measured with the model itself, never assumed.

A processor without instructions for bfloat16 emulates them, and is up to 9 times as slow as with float32; one that has
them, or a graphics card, may be several times as fast.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch

FULL = torch.float32
# Beside float32, the likelier to be fast first.
_HALVES = {"cpu": (torch.bfloat16,), "cuda": (torch.float16, torch.bfloat16)}
_PASSES = 3
# A half precision that saves less than this share of the time is not worth its errors.
_WORTH = 0.1
ACCURATE = 0.02
"""How far a unit embedding may be from that of float32, and so at most any cosine with it; most are 10 times nearer."""
TRAINABLE = 0.1
"""The same where the weights are learnt in that precision, and adapt to it."""
# A half precision whose first pass, which also prepares, takes this many times as long as float32 is not tried again.
_HOPELESS = 3.0


@dataclass(frozen=True)
class Precision:
    """What a model is computed in.

    Attributes:
        dtype: of `torch.autocast`; float32: none.
        seconds: name of each precision that was tried -> seconds a pass took, the best of a few.
        errors: name of each half precision that was tried -> the largest distance of an embedding from float32's.
    """

    dtype: torch.dtype = FULL
    seconds: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Such as "float32"."""
        return _name(self.dtype)

    def autocast(self, device: torch.device) -> AbstractContextManager:
        """The context to compute in."""
        return torch.autocast(device.type, self.dtype if self.dtype != FULL else None, enabled=self.dtype != FULL)

    def __str__(self) -> str:
        tried = ", ".join(
            f"{name} {1000 * seconds:.1f} ms" + (f" (error {self.errors[name]:.4f})" if name in self.errors else "")
            for name, seconds in self.seconds.items()
        )
        return f"{self.name}: {tried} a pass" if tried else self.name


def fastest(compute: Callable[[], torch.Tensor], device: torch.device, accurate: float = ACCURATE) -> Precision:
    """The fastest precision that is accurate enough.

    Args:
        compute: one pass of what is to be computed, in the precision of the context that it is called in: for inference
            a few frames, for training a forward and a backward pass. Returns their unit embeddings, shape (N, D).
        accurate: largest distance of an embedding from float32's: `ACCURATE`, or `TRAINABLE`.
    """
    seconds, errors = {}, {}
    exact, seconds["float32"] = _timed(compute, Precision(), device, torch.inf)
    for half in _HALVES.get(device.type, ()):
        name = _name(half)
        embeddings, seconds[name] = _timed(compute, Precision(half), device, seconds["float32"])
        errors[name] = float((embeddings - exact).norm(dim=-1).max().nan_to_num(torch.inf))
    bound = (1.0 - _WORTH) * seconds["float32"]
    fit = {name: seconds[name] for name, error in errors.items() if error <= accurate and seconds[name] <= bound}
    name = min(fit, key=fit.get) if fit else "float32"
    return Precision(getattr(torch, name), seconds, errors)


def _timed(
    compute: Callable[[], torch.Tensor], precision: Precision, device: torch.device, other: float
) -> tuple[torch.Tensor, float]:
    """What a pass gives, float32, and the seconds of the fastest one; no more of them than show that it is no faster
    than ``other``."""
    best = torch.inf
    for turn in range(1 + _PASSES):
        began = time.perf_counter()
        with precision.autocast(device):
            embeddings = compute()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        took = time.perf_counter() - began
        if turn or took > _HOPELESS * other:  # the first pass also prepares
            best = min(best, took)
            if best > other:
                break
    return embeddings.detach().float(), best


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
