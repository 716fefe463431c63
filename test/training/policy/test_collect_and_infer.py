# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.collect_and_infer import CollectAndInfer, LearningSettings, actions_to
from unified_agent.training.policy.collector import SENTENCES, Collector
from unified_agent.training.policy.crew import chunks
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

SETTINGS = LearningSettings(
    task="grasp_red",
    actions=50,
    episodes=4,
    updates=3,
    last_updates=3,
    batch=8,
    evaluate_every=50,
    evaluations=2,
    explore=1.0,
)
PLANS = {"grasp_red": ("the robot is grasping the red object",)}


class Here:
    """One collector in this process; ``breaks`` before so many chunks."""

    def __init__(self, collector: Collector, breaks: int = 1000):
        self.collector, self.left = collector, breaks

    def play(self, assignments, policy):
        for piece in chunks(assignments):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            yield self.collector.play(piece, policy)


@pytest.fixture(scope="module")
def collector():
    made = Collector("fr3", "default", worlds=2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def thresholds():
    return Detector(Clip.load("default", "cpu"), SENTENCES).thresholds


def learning(collector, thresholds, folder, settings=SETTINGS, breaks=1000) -> CollectAndInfer:
    crew = Here(collector, breaks)
    return CollectAndInfer(settings, PLANS, crew, thresholds, folder / "run", Buffer(folder / "buffer"))


def test_a_run_that_was_cut_off_ends_where_an_unbroken_one_ends(tmp_path, collector, thresholds):
    unbroken = learning(collector, thresholds, tmp_path / "a")
    unbroken.run()
    with pytest.raises(KeyboardInterrupt):
        learning(collector, thresholds, tmp_path / "b", breaks=1).run()
    resumed = learning(collector, thresholds, tmp_path / "b")
    assert resumed.progress.round == 1
    resumed.run()
    assert resumed.progress == unbroken.progress
    assert len(list(Buffer(tmp_path / "b" / "buffer").episodes())) == 4 * resumed.progress.round
    for ours, theirs in zip(resumed.policy.network.parameters(), unbroken.policy.network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert (tmp_path / "b" / "run" / "curve.png").is_file()
    assert list((tmp_path / "b" / "run" / "tensorboard").iterdir())


def test_old_experience_is_learnt_from_before_the_first_round(tmp_path, collector, thresholds):
    learning(collector, thresholds, tmp_path).run()
    old = Buffer(tmp_path / "buffer")
    again = CollectAndInfer(SETTINGS, PLANS, Here(collector), thresholds, tmp_path / "second", old, reuse=True)
    assert again.reused > 0
    again.run()
    assert again.progress.measured[0]["actions"] == 0


def test_a_folder_with_a_run_of_other_settings_is_refused(tmp_path, collector, thresholds):
    learning(collector, thresholds, tmp_path)
    with pytest.raises(UserError, match="other settings.*'seed': 0"):
        learning(collector, thresholds, tmp_path, LearningSettings(**{**vars(SETTINGS), "seed": 1}))


@pytest.mark.parametrize("wrong", [{"actions": 0}, {"explore": 1.5}, {"clone": "all"}, {"episodes": -1}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError):
        LearningSettings(**wrong)


def test_the_steps_to_a_rate_are_those_of_the_first_measurement_that_reached_it():
    measured = [{"actions": 10, "success": 0.2}, {"actions": 20, "success": 0.6}, {"actions": 30, "success": 0.4}]
    assert actions_to(measured, 0.5) == 20
    assert actions_to(measured, 0.9) is None
