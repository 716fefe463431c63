# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.robot.arm import Arm
from unified_agent.training.eyes import collection
from unified_agent.training.eyes.collection import Split, collect


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(collection, "MOMENTS_A_SHARD", 6)


def test_collecting_goes_on_where_it_was_cut_off(tmp_path):
    arm = Arm.load("fr3")
    whole = collect(tmp_path / "whole", Split.TEST, 10, arm)
    collect(tmp_path / "cut", Split.TEST, 6, arm)
    first = tmp_path / "cut" / "fr3" / "test" / "0000.frames.npy"
    written = first.stat().st_mtime_ns
    resumed = collect(tmp_path / "cut", Split.TEST, 10, arm)
    assert first.stat().st_mtime_ns == written
    assert len(resumed) == len(whole) == 12
    np.testing.assert_array_equal(resumed.truth, whole.truth)
    np.testing.assert_array_equal(resumed.frames(np.arange(12)), whole.frames(np.arange(12)))


def test_the_splits_share_no_start(tmp_path):
    arm = Arm.load("fr3")
    train, test = (collect(tmp_path, split, 6, arm).frames(np.arange(6)) for split in (Split.TRAIN, Split.TEST))
    assert not any(np.array_equal(a, b) for a in train for b in test)


def test_no_views_cannot_be_collected(tmp_path):
    with pytest.raises(UserError, match="'moments' must be 1"):
        collect(tmp_path, Split.TEST, 0, Arm.load("fr3"))


def test_frames_of_another_arm_of_that_name_are_refused(tmp_path):
    arm = Arm.load("fr3")
    collect(tmp_path, Split.TEST, 6, arm)
    with pytest.raises(UserError, match="arm was"):
        collect(tmp_path, Split.TEST, 6, replace(arm, hover=arm.hover + 0.01))


def test_frames_that_are_broken_are_told(tmp_path):
    arm = Arm.load("fr3")
    collect(tmp_path, Split.TEST, 6, arm)
    path = tmp_path / "fr3" / "test" / "0000.truth.npy"
    path.write_bytes(path.read_bytes()[:70])
    with pytest.raises(UserError, match="cannot be read"):
        collect(tmp_path, Split.TEST, 6, arm)
