# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.policy.checkpoint import Policy
from unified_agent.sim import tasks
from unified_agent.training.policy.collector import Assignment, Collector


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


def test_episodes_do_not_depend_on_how_many_are_played_together(collector):
    wanted = [assignment("stack_red_on_blue", seed, explore=1.0, max_actions=2) for seed in range(3)]
    together = collector.play(wanted, None)
    alone = [collector.play([one], None)[0] for one in wanted]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ours.actions, theirs.actions)
        np.testing.assert_allclose(ours.states[-1].tool, theirs.states[-1].tool, atol=1e-9)


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
