# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.policy.checkpoint import Policy
from unified_agent.sim import tasks
from unified_agent.sim.env import StackObjects
from unified_agent.training.policy.collector import Assignment, Collector
from unified_agent.training.policy.experience import Provenance
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector


@pytest.fixture(scope="module")
def collector():
    made = Collector("fr3", "default", worlds=2)
    yield made
    made.close()


def assignment(task: str, seed: int, **kwargs) -> Assignment:
    task = tasks.get(task)
    plan = tuple(goal.sentence for goal in task.plan)
    return Assignment(task.name, task.instruction, plan, seed, **{"max_actions": 4, **kwargs})


def test_the_shipped_policy_s_stacks_are_seen_done(collector):
    wanted = [assignment("stack_red_on_blue", 1), assignment("stack_green_on_red", 2), assignment("grasp_blue", 3)]
    episodes = collector.play(wanted, Policy.load())
    assert [e.instruction for e in episodes] == [w.instruction for w in wanted]
    assert all(e.done and e.success for e in episodes)
    first = episodes[0]
    assert first.pursued[0] == wanted[0].plan[0] and first.pursued[-1] == wanted[0].plan[1]
    assert len(first.states) == len(first.scores) == len(first.frames) == len(first) + 1
    assert first.frames_of(0).shape == (2, 128, 128, 3)


def test_where_nobody_looks_the_true_poses_say_what_is_done_and_nothing_is_rendered(collector, monkeypatch):
    monkeypatch.delattr(StackObjects, "frames")
    (episode,) = collector.play([assignment("stack_red_on_blue", 1, blind=True)], Policy.load())
    assert episode.done and episode.success and not episode.scores and not episode.frames
    assert episode.pursued[0] != episode.pursued[-1]


def same(ours, theirs) -> bool:
    """To the last bit."""
    return (
        np.array_equal(ours.actions, theirs.actions)
        and np.array_equal(ours.scores, theirs.scores)
        and ours.frames == theirs.frames
        and ours.pursued == theirs.pursued
        and all(np.array_equal(a.tool, b.tool) for a, b in zip(ours.states, theirs.states, strict=True))
    )


def test_episodes_are_the_same_whatever_is_played_beside_them(collector):
    tasks_ = ("stack_red_on_blue", "grasp_blue", "triple_stack_green_red_blue")
    wanted = [assignment(task, seed, explore=0.3, max_actions=2) for seed, task in enumerate(tasks_)]
    policy = Policy.load()
    expected = collector.play(wanted, policy)
    backwards = collector.play(wanted[::-1], policy)[::-1]
    assert all(map(same, backwards, expected))
    for worlds in (1, 3, 4):
        other = Collector("fr3", "default", worlds=worlds)
        assert all(map(same, other.play(wanted, policy), expected)), worlds
        other.close()


def test_an_episode_says_with_what_it_was_seen(collector):
    (episode,) = collector.play([assignment("grasp_red", 0, max_actions=1)], None)
    clip = Clip.load("default", "cpu")
    gammas = Detector(clip, SENTENCES).thresholds
    assert episode.provenance == Provenance(clip.fingerprint, tuple(gammas.tolist()), "fr3")


@pytest.mark.parametrize("worlds", [0, -1, 10_000])
def test_a_number_of_worlds_that_cannot_be_is_refused(worlds):
    with pytest.raises(UserError, match="'worlds' must be 1 to"):
        Collector("fr3", "default", worlds=worlds)


def test_a_whole_task_is_pursued_by_its_instruction_until_the_environment_s_reward(collector):
    task = tasks.get("grasp_red")
    wanted = Assignment(task.name, task.instruction, (task.instruction,), seed=5, max_actions=3)
    episode = collector.play([wanted], None)[0]
    assert set(episode.pursued) == {task.instruction}
    assert episode.done == episode.success


def test_nothing_is_rendered_where_no_picture_is_kept_and_nobody_judges_by_one(monkeypatch):
    collector = Collector("fr3", "default", worlds=2, pictures=False)
    task = tasks.get("grasp_red")
    wanted = [Assignment(task, task.instruction, (task.instruction,), seed=5, max_actions=2)]
    monkeypatch.setattr(collector._detector, "score_moments", None)
    episode = collector.play(wanted, None)[0]
    collector.close()
    assert len(episode.states) == len(episode) + 1
    assert not episode.frames and not episode.scores
