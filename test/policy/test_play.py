# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.policy import play
from unified_agent.state import State

BASKET = (0.42, 0.68, -0.15, 0.15)
OBJECTS = {"red": np.array([0.5, 0.1, 0.02]), "green": np.array([0.6, 0.0, 0.02]), "blue": np.array([0.5, -0.1, 0.02])}


def drawn(state: State, count: int = 600) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([play.Play(BASKET).act(state, "whatever", rng) for _ in range(count)])


def near(actions: np.ndarray, name: str) -> float:
    return float(np.mean(np.linalg.norm(actions - OBJECTS[name][:2], axis=1) < 0.03))


def test_an_empty_gripper_goes_for_every_object_alike():
    actions = drawn(State(OBJECTS, np.array([0.55, 0.0, 0.22]), holding=False))
    assert [near(actions, name) for name in OBJECTS] == pytest.approx([0.25] * 3, abs=0.05)


def test_what_is_held_is_put_on_the_others_or_anywhere():
    actions = drawn(State(OBJECTS, OBJECTS["red"], holding=True))
    assert near(actions, "red") < 0.05
    assert [near(actions, name) for name in ("green", "blue")] == pytest.approx([0.36] * 2, abs=0.05)


def test_every_action_lies_in_the_basket_even_for_an_object_outside():
    outside = {name: position + np.array([0.3, 0.3, 0.0]) for name, position in OBJECTS.items()}
    actions = drawn(State(outside, np.zeros(3), holding=False))
    assert (actions >= [BASKET[0], BASKET[2]]).all()
    assert (actions <= [BASKET[1], BASKET[3]]).all()


def test_play_is_asked_for_where_a_checkpoint_is():
    assert isinstance(play.load("play", BASKET), play.Play)
    with pytest.raises(UserError, match="No policy in 'plya'"):
        play.load("plya", BASKET)
