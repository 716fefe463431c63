# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.state import State
from unified_agent.training.policy.experience import Episode
from unified_agent.training.policy.successes import Clone, came_true, of_subgoals, of_task

RED, GREEN = "the robot is grasping the red object", "the robot is grasping the green object"
THRESHOLDS = np.array([0.5, 0.5])


def played(scores, pursued, holding) -> Episode:
    """An episode whose n-th action is (n, 0)."""
    states = [State(dict.fromkeys(("red", "green", "blue"), np.zeros(3)), np.zeros(3), bool(h)) for h in holding]
    return Episode(
        "grasp red",
        (RED, GREEN),
        states=states,
        actions=[np.array([n, 0.0]) for n in range(len(pursued))],
        pursued=pursued,
        scores=[np.array(s) for s in scores],
    )


def taken(data):
    return [(int(action[0]), str(said)) for action, said in zip(data.actions, data.sentences, strict=True)]


def test_a_sentence_comes_true_once_with_the_action_that_lifts_its_score_over_its_threshold():
    scores = np.array([[0.1, 0.9], [0.4, 0.9], [0.6, 0.2], [0.7, 0.8]])
    assert came_true(scores, THRESHOLDS).tolist() == [[False, False], [True, False], [False, True]]


def test_only_the_action_that_caused_a_success_is_cloned():
    episode = played([[0, 0], [0, 0], [1, 0]], [RED, RED], [0, 0, 1])
    assert taken(of_subgoals(episode, THRESHOLDS, True, Clone.CAUSAL)) == [(1, RED)]


def test_the_place_that_emptied_the_gripper_for_a_grasp_is_cloned_with_it():
    episode = played([[0, 0], [0, 1], [0, 0], [1, 0]], [RED, RED, RED], [0, 1, 0, 1])
    assert taken(of_subgoals(episode, THRESHOLDS, False, Clone.CAUSAL)) == [(1, RED), (2, RED)]


def test_the_paper_s_form_clones_everything_since_the_start():
    episode = played([[0, 0], [0, 0], [1, 0]], [RED, RED], [0, 0, 1])
    assert taken(of_subgoals(episode, THRESHOLDS, True, Clone.PREFIX)) == [(0, RED), (1, RED)]


def test_what_nobody_asked_for_is_learnt_from_only_in_hindsight():
    episode = played([[0, 0], [0, 1]], [RED], [0, 1])
    assert taken(of_subgoals(episode, THRESHOLDS, True, Clone.CAUSAL)) == [(0, GREEN)]
    assert taken(of_subgoals(episode, THRESHOLDS, False, Clone.CAUSAL)) == []


def test_a_task_rewarded_as_a_whole_clones_its_last_moves_under_the_instruction():
    episode = played([[0, 0]] * 4, [RED] * 3, [0] * 4)
    assert taken(of_task(episode, 2, Clone.CAUSAL)) == []
    episode.done = True
    assert taken(of_task(episode, 2, Clone.CAUSAL)) == [(1, "grasp red"), (2, "grasp red")]
    assert len(of_task(episode, 2, Clone.PREFIX)) == 3


def test_an_unknown_way_to_clone_is_refused():
    with pytest.raises(UserError, match="causal.*prefix"):
        Clone("everything")
