# SPDX-License-Identifier: Apache-2.0
import multiprocessing

import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.policy.checkpoint import Policy
from unified_agent.training.policy.collector import Assignment, Collector
from unified_agent.training.policy.crew import CHUNK, Equipment, LocalCrew, SoloCrew, packed, unpacked

EQUIPMENT = Equipment(worlds=2, pictures=False)


def assignments(count):
    said = "grasp the red object"
    return [Assignment("grasp_red", said, ("the robot is grasping the red object",), n, 1) for n in range(count)]


@pytest.fixture
def one_thread():
    """As collectors compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_collector_that_is_killed_is_replaced_and_the_episodes_are_those_of_any_other_crew(one_thread):
    wanted = assignments(CHUNK + 2)
    crew = LocalCrew(2, EQUIPMENT)
    try:
        played = []
        for chunk in crew.play(wanted, Policy.load()):
            if not played:
                multiprocessing.active_children()[0].kill()
            played += chunk
    finally:
        crew.close()
    here = Collector(**{**vars(EQUIPMENT), "worlds": 1})
    expected = here.play(wanted, Policy.load())
    here.close()
    assert len(played) == len(wanted)
    for ours, theirs in zip(played, expected, strict=True):
        np.testing.assert_array_equal(ours.actions, theirs.actions)
        np.testing.assert_array_equal(ours.scores, theirs.scores)
        assert ours.provenance == theirs.provenance


def test_a_crew_of_one_in_this_process_plays_as_any_other(one_thread):
    wanted = assignments(2)
    crew = SoloCrew(EQUIPMENT)
    here = Collector(**{**vars(EQUIPMENT), "worlds": 1})
    (played,) = crew.play(wanted, None)
    for ours, theirs in zip(played, here.play(wanted, None), strict=True):
        np.testing.assert_array_equal(ours.actions, theirs.actions)
    crew.close()
    here.close()


def test_what_goes_wrong_in_a_collector_is_told_to_the_learner():
    crew = LocalCrew(1, Equipment(arm="no_such_arm"))
    try:
        with pytest.raises(UserError, match="no_such_arm"):
            list(crew.play(assignments(1), None))
    finally:
        crew.close()


def test_a_packed_policy_acts_as_the_one_that_was_packed():
    policy = Policy.load()
    copy = unpacked(packed(policy))
    for name, tensor in policy.network.state_dict().items():
        np.testing.assert_array_equal(tensor, copy.network.state_dict()[name])
    assert copy.temperature == policy.temperature
    assert unpacked(packed(None)) is None


@pytest.mark.parametrize("count", [0, -1, 10_000])
def test_a_number_of_collectors_that_cannot_be_is_refused(count):
    with pytest.raises(UserError, match="'collectors' must be 1 to"):
        LocalCrew(count, EQUIPMENT)
