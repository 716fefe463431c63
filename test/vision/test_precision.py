# SPDX-License-Identifier: Apache-2.0
import time

import pytest
import torch
from torch.nn import functional

from unified_agent.vision.clip import Clip
from unified_agent.vision.precision import Precision, fastest

CPU = torch.device("cpu")
FRAMES, WEIGHT = torch.randn(4, 64, generator=torch.Generator().manual_seed(0)), torch.eye(64)


def machine(full: float, half: float, error: float = 0.0):
    """A model on a machine that takes these seconds a pass in float32 and in bfloat16, where it errs by so much."""

    def compute() -> torch.Tensor:
        halved = (FRAMES @ WEIGHT).dtype == torch.bfloat16
        time.sleep(half if halved else full)
        return functional.normalize(FRAMES, dim=-1) + (error / 8 if halved else 0.0)

    return compute


def test_the_faster_precision_is_taken():
    assert fastest(machine(0.1, 0.005), CPU).dtype == torch.bfloat16
    assert fastest(machine(0.005, 0.1), CPU).dtype == torch.float32


def test_a_faster_precision_that_is_not_accurate_enough_is_not_taken():
    found = fastest(machine(0.1, 0.005, error=0.5), CPU)
    assert found.dtype == torch.float32
    assert found.errors["bfloat16"] == pytest.approx(0.5, abs=1e-3)
    assert fastest(machine(0.1, 0.005, error=0.5), CPU, accurate=0.6).dtype == torch.bfloat16


def test_a_precision_that_gives_no_numbers_is_not_taken():
    assert fastest(machine(0.1, 0.005, error=float("nan")), CPU).dtype == torch.float32


def test_what_was_chosen_is_said_with_the_times():
    found = fastest(machine(0.1, 0.005), CPU)
    assert set(found.seconds) == {"float32", "bfloat16"}
    assert str(found).startswith("bfloat16: float32 1")


def test_a_clip_measures_its_precision_once_and_quickly(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    began = time.perf_counter()
    assert clip.precision is clip.precision
    assert time.perf_counter() - began < 5
    assert "bfloat16" in clip.precision.errors


def test_no_autocast_for_float32_even_within_one():
    with torch.autocast("cpu", torch.bfloat16), Precision().autocast(CPU):
        assert (FRAMES @ WEIGHT).dtype == torch.float32
