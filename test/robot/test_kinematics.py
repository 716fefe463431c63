# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from unified_agent.robot.arm import Arm, ArmError
from unified_agent.robot.kinematics import DOWN, Kinematics, Unreachable, rotation_vector

# Craig's Denavit-Hartenberg parameters of the FR3: a, d, alpha of each joint; then the flange, the hand and its tool.
DH = [
    (0, 0.333, 0),
    (0, 0, -np.pi / 2),
    (0, 0.316, np.pi / 2),
    (0.0825, 0, np.pi / 2),
    (-0.0825, 0.384, -np.pi / 2),
    (0, 0, np.pi / 2),
    (0.088, 0, np.pi / 2),
]


def transform(a, d, alpha, theta):
    ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
    return np.array([[ct, -st, 0, a], [st * ca, ct * ca, -sa, -d * sa], [st * sa, ct * sa, ca, d * ca], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def kinematics():
    return Kinematics(Arm.load("fr3"))


def test_the_urdf_agrees_with_the_published_table(kinematics):
    rng = np.random.default_rng(0)
    for q in rng.uniform(kinematics.arm.lower, kinematics.arm.upper, (20, 7)):
        expected = np.eye(4)
        for (a, d, alpha), theta in zip(DH, q, strict=True):
            expected = expected @ transform(a, d, alpha, theta)
        expected = expected @ transform(0, 0.107 + 0.1034, 0, -np.pi / 4)
        position, rotation = kinematics.forward(q)
        np.testing.assert_allclose(position, expected[:3, 3], atol=1e-6)
        np.testing.assert_allclose(rotation, expected[:3, :3], atol=1e-6)


def test_home_points_down_above_the_middle_of_the_basket(kinematics):
    position, rotation = kinematics.forward(kinematics.arm.home)
    np.testing.assert_allclose(position, [0.55, 0, kinematics.arm.hover], atol=2e-3)
    np.testing.assert_allclose(rotation, DOWN, atol=2e-3)


def test_every_corner_of_the_basket_is_reached_pointing_down_within_the_limits(kinematics):
    x_min, x_max, y_min, y_max = kinematics.arm.basket
    for target in np.stack(np.meshgrid((x_min, x_max), (y_min, y_max), (0.02, 0.22)), -1).reshape(-1, 3):
        q = kinematics.inverse(target)
        np.testing.assert_array_equal(q, np.clip(q, kinematics.arm.lower, kinematics.arm.upper))
        position, rotation = kinematics.forward(q)
        np.testing.assert_allclose(position, target, atol=1e-3)
        np.testing.assert_allclose(rotation, DOWN, atol=1e-3)


@pytest.mark.parametrize("target", [(2.0, 0.0, 0.2), (0.5, np.nan, 0.2), (np.inf, 0.0, 0.0), (0.5, 0.0)])
def test_a_target_that_cannot_be_taken_is_refused(kinematics, target):
    with pytest.raises(Unreachable):
        kinematics.inverse(np.array(target))


def test_an_unknown_state_of_the_joints_is_refused(kinematics):
    with pytest.raises(Unreachable, match="not finite"):
        kinematics.inverse([0.5, 0.0, 0.2], seed_q=np.full(7, np.nan))


def test_a_urdf_that_is_no_robot_is_an_error(tmp_path):
    (tmp_path / "bad.urdf").write_text("<robot name='bad'><link/></robot>")
    with pytest.raises(ArmError, match="MuJoCo cannot read"):
        Kinematics(replace(Arm.load("fr3"), urdf=tmp_path / "bad.urdf"))


@pytest.mark.parametrize("angle", [0.0, 1e-8, 0.3, 2.0, 3.0, np.pi - 1e-8, np.pi])
def test_a_rotation_vector_has_the_whole_angle(angle):
    axis = np.array([1.0, -2.0, 0.5]) / np.linalg.norm([1.0, -2.0, 0.5])
    cross = np.cross(np.eye(3), -axis)
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    vector = rotation_vector(rotation)
    assert np.linalg.norm(vector) == pytest.approx(angle, abs=1e-7)
    np.testing.assert_allclose(np.abs(vector @ axis), angle, atol=1e-6)


def test_a_tool_turned_by_half_a_turn_is_no_solution(kinematics):
    """The sine of the angle is 0 there: it read as no error at all."""
    target = np.array([0.5, 0.0, 0.2])
    turned = DOWN @ np.diag([-1.0, -1.0, 1.0])
    q = kinematics.inverse(target, seed_q=kinematics.inverse(target), rotation=turned)
    np.testing.assert_allclose(kinematics.forward(q)[1], turned, atol=1e-3)


def test_many_tool_positions_at_once_are_those_of_one_at_a_time(kinematics):
    q = np.random.default_rng(0).uniform(kinematics.arm.lower, kinematics.arm.upper, (20, 7))
    np.testing.assert_allclose(kinematics.tool_positions(q), [kinematics.forward(each)[0] for each in q], atol=1e-9)
