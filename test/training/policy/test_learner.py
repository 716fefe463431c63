# SPDX-License-Identifier: Apache-2.0
import numpy as np
import torch

from unified_agent.robot.arm import Arm
from unified_agent.training.policy.cloning import Demonstrations
from unified_agent.training.policy.learner import Learner

GRASP = "the robot is grasping the red object"


def demonstrations(count, seed=0):
    rng = np.random.default_rng(seed)
    objects = rng.uniform([0.45, -0.1, 0.02], [0.65, 0.1, 0.02], (count, 3, 3))
    tool = np.tile([0.5, 0.0, 0.2], (count, 1))
    return Demonstrations(objects, tool, np.zeros(count, bool), np.full(count, GRASP), objects[:, 0, :2])


def learner(keep=1000):
    return Learner(Arm.load("fr3"), ["put red away"], learning_rate=1e-3, keep=keep, seed=0)


def test_nothing_is_learnt_before_the_first_success():
    fresh = learner()
    assert fresh.update(5, 16) is None and fresh.counts() == {}


def test_updates_lower_the_loss():
    one = learner()
    one.add(demonstrations(200))
    assert one.update(60, 32) > one.update(10, 32) + 0.3


def test_the_oldest_decisions_make_room():
    one = learner(keep=150)
    one.add(demonstrations(100))
    one.add(demonstrations(100))
    assert one.successes == 200 and one.counts() == {GRASP: 150}


def test_a_restored_learner_goes_on_as_if_nothing_had_happened():
    unbroken, broken, restored = learner(), learner(), learner()
    for one in (unbroken, broken, restored):
        one.add(demonstrations(100))
    unbroken.update(4, 16)
    broken.update(2, 16)
    restored.restore(broken.state())
    assert restored.update(2, 16) is not None
    for ours, theirs in zip(unbroken.network.parameters(), restored.network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
