# SPDX-License-Identifier: Apache-2.0
"""A stop in every move of a pick and a place: arm and gripper rest at once, and stay."""

import numpy as np
import pytest

from unified_agent.robot.runner import MotionRunner
from unified_agent.sim import teacher
from unified_agent.sim.env import StackObjects

SLOW = np.array([0.02] * 7 + [0.002] * 2)
"""rad/s of the arm's joints and m/s of the fingers: slower is at rest."""
MOVES = ("open", "above", "down", "close", "up", "above", "down", "open", "up")


@pytest.fixture(scope="module")
def env():
    env = StackObjects("stack_red_on_blue")
    yield env
    env.close()


def go_on_until(env, number, share):
    """Carry out a stack until its move of that number has gone on for a share of its time."""
    world, begun = env.world, 0
    env.reset(seed=0)
    for subgoal in env.task.plan:
        state = world.state()
        action = teacher.act(subgoal, state, world.arm.basket)
        runner = MotionRunner(world.arm, env.motions.act(action, state, world.arm_positions, world.gripper_position))
        until = np.inf
        while not runner.done:
            for move in runner.step(world.time, world.arm_positions):
                world.begin(move)
                if begun == number:
                    until, name = world.time + share * move.trajectory.duration, move.name
                begun += 1
            if world.time >= until - 1e-9:
                return name
            world.step(5)
    raise AssertionError("it never came to that move")


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("number", range(len(MOVES)), ids=lambda number: f"{number} {MOVES[number]}")
def test_a_stop_rests_arm_and_gripper_within_150_ms(env, number, share):
    world = env.world
    assert go_on_until(env, number, share) == MOVES[number]
    start = last = world.time
    world.guard.stop(start)
    while world.time < start + 0.6:
        world.step()
        if np.any(np.abs(world.joint_state()[2]) > SLOW):
            last = world.time
    assert last - start <= 0.15
    rest = world.joint_state()[1]
    world.step(250)
    np.testing.assert_allclose(world.joint_state()[1], rest, atol=1e-3)


def test_what_is_held_stays_held_through_a_stop(env):
    world = env.world
    assert go_on_until(env, 6, 0.5) == "down"
    height = world.object_pose("red")[0][2]
    world.guard.stop(world.time)
    world.step(500)
    assert world.state().holding
    assert world.object_pose("red")[0][2] > height - 0.06
    assert world.object_pose("red")[0][2] > 0.05
