# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import yaml

from unified_agent import paths
from unified_agent.robot.arm import Arm, ArmError


@pytest.fixture
def variant(tmp_path):
    """Writes the FR3's YAML with one change and gives its path."""

    def write(change):
        data = yaml.safe_load((paths.share() / "config" / "arms" / "fr3.yaml").read_text())
        change(data)
        path = tmp_path / "arm.yaml"
        path.write_text(yaml.safe_dump(data))
        return path

    return write


def test_limits_come_from_the_urdf():
    arm = Arm.load("fr3")
    np.testing.assert_allclose(arm.upper[:2], [2.7437, 1.7837])
    np.testing.assert_allclose(arm.max_velocity[[0, 4, 5]], [2.62, 5.26, 4.18])
    np.testing.assert_allclose(arm.effort, [87] * 4 + [12] * 3)


def test_an_unknown_arm_is_an_error_that_names_the_nearest():
    with pytest.raises(ArmError, match="Did you mean 'fr3'"):
        Arm.load("fr33")


def test_a_misspelt_key_is_an_error_that_names_the_nearest(variant):
    with pytest.raises(ArmError, match=r"unknown key 'ofen'.*Did you mean 'open'"):
        Arm.load(variant(lambda data: data["gripper"].update(ofen=0.04)))


def test_a_missing_key_is_named(variant):
    with pytest.raises(ArmError, match="'tool_frame' is missing"):
        Arm.load(variant(lambda data: data.pop("tool_frame")))


def test_a_joint_that_the_urdf_does_not_have_is_an_error(variant):
    with pytest.raises(ArmError, match=r"fr3_joint9.*Did you mean 'fr3_joint"):
        Arm.load(variant(lambda data: data["joints"].__setitem__(0, "fr3_joint9")))


@pytest.mark.parametrize("home", [[0, 0], [0, 0, 0, float("nan"), 0, 1, 0], "up"])
def test_a_home_that_is_not_a_number_for_each_joint_is_an_error(variant, home):
    with pytest.raises(ArmError, match="'home' must be 7 finite numbers"):
        Arm.load(variant(lambda data: data.update(home=home)))


@pytest.mark.parametrize("width", ["wide", None, True, float("inf")])
def test_a_width_that_is_no_number_is_an_error(variant, width):
    with pytest.raises(ArmError, match="'open' must be a finite number"):
        Arm.load(variant(lambda data: data["gripper"].update(open=width)))


@pytest.mark.parametrize("fingers", ["fr3_leftfinger", [], [1, 2]])
def test_what_is_no_list_of_names_is_an_error(variant, fingers):
    with pytest.raises(ArmError, match="'fingers' must be a list of names"):
        Arm.load(variant(lambda data: data["gripper"].update(fingers=fingers)))


def test_a_home_outside_the_limits_is_an_error(variant):
    with pytest.raises(ArmError, match="'home' is outside"):
        Arm.load(variant(lambda data: data["home"].__setitem__(3, 0.5)))


def test_a_gripper_that_closed_on_nothing_or_stayed_open_holds_nothing():
    arm = Arm.load("fr3")
    assert [arm.holding(position) for position in (0.0, 0.0225, 0.04)] == [False, True, False]


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("guard", "box", {"x": [0, 1], "y": [-1, 1]}, "'z' is missing"),
        ("guard", "box", {"x": [1, 0], "y": [-1, 1], "z": [0, 1]}, "low below high"),
        ("guard", "margin", -0.1, "'margin' must lie above 0"),
        ("guard", "following_time", "long", "'following_time' must be a finite number"),
        ("motion", "speed_scale", 1.5, "'speed_scale' must lie above 0 and be at most 1"),
        ("motion", "across", [1.0, 0.0], "'across' is .speed, acceleration."),
        ("motion", "arrived", 0.02, "'arrived' .* must be below 'blocked'"),
        ("motion", "sped", 1.0, "unknown key 'sped'"),
        ("gripper", "max_acceleration", 0.0, "'max_acceleration' must lie above 0"),
    ],
)
def test_a_limit_that_makes_no_sense_is_an_error_that_says_so(variant, section, key, value, message):
    with pytest.raises(ArmError, match=message):
        Arm.load(variant(lambda data: data[section].update({key: value})))


@pytest.mark.parametrize("section", ["motion", "guard"])
def test_the_guards_data_have_no_silent_default(variant, section):
    with pytest.raises(ArmError, match=f"'{section}' is missing"):
        Arm.load(variant(lambda data: data.pop(section)))
