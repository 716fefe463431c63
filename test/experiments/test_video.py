# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.experiments import actors
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.sim import tasks
from unified_agent.vision import watching
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector


@pytest.mark.parametrize("name", ["stack_green_on_blue", "place_red_on_table"])
def test_what_a_bare_hand_does_in_a_video_is_read_as_its_plan(tmp_path, name):
    task, path = tasks.get(name), tmp_path / "hand.mp4"
    assert actors.perform(task, 7, "fr3", path)
    frames = list(watching.frames_of(path))
    assert len(frames) > 30 and frames[0].shape == (256, 256, 3)
    detector = Detector(Clip.load(), [goal.sentence for goal in VOCABULARY])
    assert watching.plan_of(frames, detector).subgoals == task.plan
