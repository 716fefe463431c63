# SPDX-License-Identifier: Apache-2.0
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder, write_whole
from unified_agent.language.subgoals import SENTENCES
from unified_agent.training.policy import diary
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.collect_and_infer import CollectAndInfer, LearningSettings, actions_to
from unified_agent.training.policy.collector import Collector
from unified_agent.training.policy.crew import chunks
from unified_agent.training.policy.experience import Provenance
from unified_agent.training.policy.recall import Recall
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
SEEN = Provenance("f00", (0.3,) * len(SENTENCES), "fr3")
PLANS = {"grasp_red": ("the robot is grasping the red object",)}


class Here:
    """One collector in this process."""

    def __init__(self, collector: Collector):
        self.collector = collector

    def play(self, assignments, policy):
        for piece in chunks(assignments):
            yield self.collector.play(piece, policy)


@pytest.fixture(scope="module")
def collector():
    made = Collector("fr3", "default", worlds=2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def thresholds():
    return Detector(Clip.load("default", "cpu"), SENTENCES).thresholds


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """Drawing takes longer than all the rest."""
    monkeypatch.setattr(diary, "draw_curve", lambda rounds, measured, title, path: write_whole(path, b"png"))


@pytest.fixture
def learning(dreams):
    """A function that opens a run in a folder: of made-up episodes, unless there is a crew."""

    @contextmanager
    def opened(folder, breaks=1000, reuse=None, crew=None, thresholds=SEEN.thresholds, **changes):
        settings, crew = replace(SETTINGS, **changes), crew or dreams(SEEN, breaks)
        with OwnFolder.claim(folder / "run", "learning run", {}) as own:
            yield CollectAndInfer(settings, PLANS, crew, np.array(thresholds), own, Buffer(folder / "buffer"), reuse)

    return opened


@pytest.fixture
def ran(learning):
    """A function that makes a whole run."""

    def run(*arguments, **changes) -> CollectAndInfer:
        with learning(*arguments, **changes) as one:
            one.run()
        return one

    return run


def assert_same(ours: CollectAndInfer, theirs: CollectAndInfer) -> None:
    assert ours.progress == theirs.progress
    for mine, other in zip(ours.policy.network.parameters(), theirs.policy.network.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_a_run_that_was_cut_off_ends_where_an_unbroken_one_ends(tmp_path, ran, learning):
    unbroken = ran(tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        ran(tmp_path / "b", breaks=1)
    with learning(tmp_path / "b") as resumed:
        assert resumed.progress.round == 1
        resumed.run()
    assert_same(resumed, unbroken)
    assert len(list(Buffer(tmp_path / "b" / "buffer").episodes())) == 4 * resumed.progress.round
    assert (tmp_path / "b" / "run" / "curve.png").is_file()
    assert list((tmp_path / "b" / "run" / "tensorboard").iterdir())


def test_a_run_learns_from_what_clip_saw_in_the_world(tmp_path, collector, thresholds, ran):
    one = ran(tmp_path, crew=Here(collector), thresholds=thresholds, actions=20)
    assert one.progress.actions >= 20 and one.progress.finished
    episodes = list(Buffer(tmp_path / "buffer").episodes(frames=True))
    assert len(episodes) == 4 * one.progress.round
    assert episodes[0].provenance.arm == "fr3" and len(episodes[0].provenance.clip) == 64
    assert len(episodes[0].frames) == len(episodes[0]) + 1


def test_a_finished_run_that_is_made_longer_ends_as_one_that_was_long_from_the_beginning(tmp_path, ran):
    unbroken = ran(tmp_path / "a")
    ran(tmp_path / "b", actions=20, last_updates=7)
    assert_same(ran(tmp_path / "b"), unbroken)
    again = ran(tmp_path / "b")
    assert_same(again, unbroken)
    with pytest.raises(UserError, match="it would have ended after"):
        ran(tmp_path / "b", actions=20)


def test_a_run_does_not_need_its_episodes_to_go_on(tmp_path, ran):
    """They may have made room for those of another run."""
    unbroken = ran(tmp_path / "a")
    ran(tmp_path / "b", actions=20)
    for file in Buffer(tmp_path / "b" / "buffer").files():
        file.unlink()
    assert_same(ran(tmp_path / "b"), unbroken)


def test_old_experience_is_learnt_from_before_the_first_round(tmp_path, ran):
    ran(tmp_path)
    (tmp_path / "run").rename(tmp_path / "first")
    again = ran(tmp_path, reuse=Recall(SEEN))
    assert again.progress.reused > 0
    assert again.progress.measured[0]["actions"] == 0


def test_success_is_measured_at_the_points_of_a_grid(tmp_path, ran):
    one = ran(tmp_path, grid=(5, 30), last_updates=0)
    ends = [row["actions"] for row in one.progress.rounds]
    assert [row["actions"] for row in one.progress.measured] == [
        *(next(end for end in ends if end >= point) for point in (5, 30)),
        one.progress.actions,
    ]


def test_random_actions_from_the_same_starts_are_not_measured_twice(tmp_path, ran, dreams):
    crew, measurements = dreams(SEEN), []
    play = crew.play
    crew.play = lambda asked, policy: measurements.append(asked[0].explore == 0) or play(asked, policy)
    one = ran(tmp_path, crew=crew, thresholds=(2.0,) * len(SENTENCES), evaluate_every=10)
    assert len(one.progress.measured) > 2 and sum(measurements) == 1
    assert len({row["success"] for row in one.progress.measured}) == 1


def test_a_full_disk_leaves_the_last_whole_round(tmp_path, monkeypatch, ran, learning):
    unbroken = ran(tmp_path / "a")
    with learning(tmp_path / "b") as one:
        write, left = Path.write_bytes, 7

        def full(path: Path, content: bytes) -> int:
            nonlocal left
            left -= 1
            if left <= 0:
                write(path, content[:10])
                raise OSError(28, "No space left on device")
            return write(path, content)

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(UserError, match="No space left on device"):
            one.run()
        monkeypatch.undo()
    assert one.progress.round > 0
    assert not list(tmp_path.rglob("*.partial"))
    assert_same(ran(tmp_path / "b"), unbroken)


def test_progress_that_is_broken_is_told(tmp_path, ran):
    ran(tmp_path, actions=10)
    path = tmp_path / "run" / "progress.pt"
    for content in (path.read_bytes()[:1000], b"", b"x" * 100):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"progress\.pt is broken"):
            ran(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": 0},
        {"actions": -5},
        {"explore": 1.5},
        {"explore": float("nan")},
        {"clone": "all"},
        {"episodes": -1},
        {"last_updates": -1},
        {"evaluate_every": 0},
        {"until": float("nan")},
        {"until": 0.0},
        {"seed": -1},
        {"seed": 2**70},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError):
        LearningSettings(**wrong)


def test_the_steps_to_a_rate_are_those_of_the_first_measurement_that_reached_it():
    measured = [{"actions": 10, "success": 0.2}, {"actions": 20, "success": 0.6}, {"actions": 30, "success": 0.4}]
    assert actions_to(measured, 0.5) == 20
    assert actions_to(measured, 0.9) is None
