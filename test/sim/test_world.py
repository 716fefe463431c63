# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory
from unified_agent.sim.layouts import SEPARATION
from unified_agent.sim.world import World


def positions(world):
    return np.array(list(world.state().objects.values()))


def reach(world, offset):
    """Command a move of all joints by ``offset`` rad in a second."""
    start = world.arm.home
    world.command_arm(JointTrajectory(world.arm.joints, [0, 1], [start, start + offset]))


def test_the_same_seed_gives_the_same_start_and_the_same_future(world):
    starts = []
    for _ in range(2):
        world.reset(seed=7)
        reach(world, 0.1)
        world.step(300)
        starts.append((positions(world), world.arm_positions))
    np.testing.assert_array_equal(starts[0][0], starts[1][0])
    np.testing.assert_array_equal(starts[0][1], starts[1][1])


def test_another_seed_gives_another_start(world):
    first = positions(world)
    world.reset(seed=1)
    assert np.abs(positions(world) - first).max() > 0.01


def test_objects_start_inside_the_basket_with_room_for_the_hand_between_them(world):
    x_min, x_max, y_min, y_max = world.arm.basket
    for seed in range(50):
        world.reset(seed=seed)
        where = positions(world)[:, :2]
        np.testing.assert_array_equal(where, np.clip(where, (x_min, y_min), (x_max, y_max)))
        gaps = np.linalg.norm(where[:, None] - where[None], axis=2)[np.triu_indices(3, 1)]
        assert gaps.min() >= SEPARATION


def test_objects_at_rest_stay_where_they_are(world):
    before = positions(world)
    world.step(500)
    np.testing.assert_allclose(positions(world), before, atol=5e-4)


def test_the_arm_follows_a_trajectory_closely_and_then_holds(world):
    reach(world, 0.2)
    worst = 0.0
    while world.time < 1.0:
        world.step(5)
        wanted, _ = JointTrajectory("abcdefg", [0, 1], [world.arm.home, world.arm.home + 0.2]).sample(world.time)
        worst = max(worst, np.abs(world.arm_positions - wanted).max())
    assert worst < 0.01
    world.step(250)
    np.testing.assert_allclose(world.arm_positions, world.arm.home + 0.2, atol=2e-3)


def test_an_arm_that_is_held_back_is_given_up_and_pushes_no_longer(world):
    reach(world, 0.3)
    for _ in range(400):
        world.data.qpos[world._arm_qpos] = world.arm.home
        world.step()
    assert "from its set point" in world.guard.latched
    with pytest.raises(InvalidTrajectory, match="Resume first"):
        reach(world, 0.1)
    world.release()
    world.step(250)
    np.testing.assert_allclose(world.arm_positions, world.arm.home, atol=0.02)


def test_hold_stops_the_arm_in_the_middle_of_a_motion(world):
    reach(world, 0.3)
    world.step(125)
    world.hold()
    stopped = world.arm_positions
    world.step(500)
    np.testing.assert_allclose(world.arm_positions, stopped, atol=0.05)
    assert np.abs(world.joint_state()[2][:7]).max() < 1e-3


def test_a_trajectory_outside_the_limits_is_refused_and_the_arm_stays(world):
    with pytest.raises(InvalidTrajectory, match="position limit"):
        reach(world, 4.0)
    world.step(100)
    np.testing.assert_allclose(world.arm_positions, world.arm.home, atol=1e-3)


def test_the_joint_state_is_measured_not_commanded(world):
    reach(world, 0.2)
    names, q, velocity, effort = world.joint_state()
    assert names == (*world.arm.joints, *world.arm.gripper_joints)
    np.testing.assert_allclose(q[:7], world.arm.home)
    world.step(125)
    _, q, velocity, effort = world.joint_state()
    assert 0.02 < np.abs(q[:7] - world.arm.home).max() < 0.18
    assert np.abs(velocity[:7]).max() > 0.1
    assert np.all(np.abs(effort[:7]) <= world.arm.effort)


def test_the_gripper_opens_and_closes_both_fingers(world):
    joint = world.arm.gripper_joints[:1]
    world.command_gripper(JointTrajectory(joint, [1.3], [[world.arm.gripper_closed]]))
    world.step(400)
    np.testing.assert_allclose(world.joint_state()[1][7:], 0.0, atol=1e-3)
    assert not world.state().holding


def test_steps_may_come_in_any_portion(world):
    ends = []
    for portion in (1, 7, 100):
        world.reset(seed=3)
        reach(world, 0.2)
        for _ in range(700 // portion):
            world.step(portion)
        ends.append(world.arm_positions)
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


def test_a_layout_starts_with_stacks_standing(world):
    world.reset(seed=2, layout=[("blue", "red"), ("green",)])
    world.step(250)
    red, blue = world.object_pose("red")[0], world.object_pose("blue")[0]
    np.testing.assert_allclose(red - blue, [0, 0, 0.045], atol=1e-3)


@pytest.mark.parametrize("layout", [[], [("red", "blue")], [("red",), ("red",), ("green",), ("blue",)]])
def test_a_layout_must_name_every_object_once(world, layout):
    with pytest.raises(UserError, match="names each of"):
        world.reset(layout=layout)


@pytest.mark.parametrize("pose", [(np.nan, 0, 0), (0.5, 0.0)])
def test_an_object_cannot_be_put_at_what_is_no_position(world, pose):
    with pytest.raises(UserError, match="three finite numbers"):
        world.place_object("red", pose)


def test_an_unknown_object_is_an_error_that_names_the_nearest(world):
    with pytest.raises(UserError, match="Did you mean 'green'"):
        world.place_object("gren", (0.5, 0, 0.1))


def test_a_randomised_world_looks_different_at_every_start_and_the_same_for_a_seed(arm):
    world = World(arm, randomise=True)
    looks = []
    for seed in (1, 2, 1):
        world.reset(seed=seed)
        looks.append(world.render("left"))
    world.close()
    np.testing.assert_array_equal(looks[0], looks[2])
    assert np.abs(looks[0].astype(int) - looks[1]).mean() > 5
