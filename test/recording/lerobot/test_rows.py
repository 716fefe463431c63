# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.lerobot.rows import rate_of, rows
from unified_agent.recording.reader import BagReader

from .conftest import CAMERAS, GRASP, record

TOPICS = tuple(f"/camera/{camera}/image_raw" for camera in CAMERAS)


def test_a_moment_has_the_frames_and_the_state_of_the_same_time(bag):
    found = list(rows(BagReader(bag), TOPICS, 10))
    assert [row.joints["elbow"] for row in found] == pytest.approx(np.arange(6) / 10)
    assert [row.frames[1][0, 0, 0] for row in found] == [100, 120, 140, 160, 180, 200]
    assert found[3].objects["red"] == pytest.approx([0.03, 0.25, 0.5])
    assert [row.subgoal for row in found] == ["", "", GRASP, GRASP, GRASP, GRASP]


def test_a_frame_that_the_camera_left_out_is_repeated(tmp_path):
    found = list(rows(BagReader(record(tmp_path / "bag", ticks=[0, 1, 4])), TOPICS, 10))
    assert [row.frames[0][0, 0, 0] for row in found] == [0, 20, 20, 20, 80]
    assert [row.repeated for row in found] == [False, False, True, True, False]


def test_faster_frames_than_the_rate_are_left_out(bag):
    assert len(list(rows(BagReader(bag), TOPICS, 5))) == 3


def test_the_rate_is_that_of_the_camera(bag, tmp_path):
    assert rate_of(BagReader(bag), TOPICS) == 10
    with pytest.raises(UserError, match="two at least"):
        rate_of(BagReader(record(tmp_path / "short", ticks=[0])), TOPICS)
