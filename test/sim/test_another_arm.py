# SPDX-License-Identifier: Apache-2.0
"""A gantry with three sliding joints and two fingers: nothing in the code may know the arm that ships."""

import numpy as np
import pytest

from unified_agent.language.subgoals import Relation, SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics, Unreachable
from unified_agent.sim.env import StackObjects

LINK = """<link name="{name}">
  <inertial><mass value="{mass}"/><inertia ixx=".01" iyy=".01" izz=".01" ixy="0" ixz="0" iyz="0"/></inertial>
  <collision><origin xyz="{at}"/><geometry><box size="{size}"/></geometry></collision>
</link>
"""
JOINT = """<joint name="{name}" type="prismatic"><parent link="{parent}"/><child link="{child}"/>
  <origin xyz="{xyz}" rpy="{rpy}"/><axis xyz="{axis}"/>
  <limit lower="{low}" upper="{high}" velocity="2" effort="200"/>{extra}
</joint>
"""


def _link(name, size, at="0 0 0", mass=1.0):
    return LINK.format(name=name, size=size, at=at, mass=mass)


def _joint(name, parent, child, axis, low, high, xyz="0 0 0", rpy="0 0 0", extra=""):
    return JOINT.format(
        name=name, parent=parent, child=child, axis=axis, low=low, high=high, xyz=xyz, rpy=rpy, extra=extra
    )


URDF = "".join(
    [
        '<robot name="gantry"><link name="base_link"/>',
        _joint("along", "base_link", "beam", "1 0 0", 0.0, 0.6, xyz="0 0 0.6"),
        _link("beam", ".05 .8 .05"),
        _joint("across", "beam", "carriage", "0 1 0", -0.3, 0.3),
        _link("carriage", ".08 .08 .08"),
        _joint("height", "carriage", "head", "0 0 -1", 0.0, 0.5),
        _link("head", ".04 .14 .04"),
        '<joint name="tip_mount" type="fixed"><parent link="head"/><child link="tip"/>',
        '<origin xyz="0 0 -.1" rpy="3.14159265359 0 0"/></joint><link name="tip"/>',
        _joint("jaw_a", "tip", "finger_a", "0 1 0", 0.0, 0.04),
        _link("finger_a", ".02 .01 .05", "0 .005 -.01", 0.05),
        _joint("jaw_b", "tip", "finger_b", "0 1 0", 0.0, 0.04, rpy="0 0 3.14159265359", extra='<mimic joint="jaw_a"/>'),
        _link("finger_b", ".02 .01 .05", "0 .005 -.01", 0.05),
        "</robot>",
    ]
)
PROFILE = """
name: gantry
urdf: gantry.urdf
joints: [along, across, height]
home: [0.3, 0.0, 0.28]
max_acceleration: [8, 8, 8]
tool_frame: tip
basket: {x: [0.15, 0.45], y: [-0.15, 0.15]}
hover: 0.22
gripper:
  {joints: [jaw_a, jaw_b], fingers: [finger_a, finger_b], open: 0.04, closed: 0.0, holding: [0.005, 0.035], force: 40,
   max_acceleration: 8}
topics: {arm: /gantry/joint_trajectory, gripper: /jaws/joint_trajectory}
servo: {stiffness: [9000, 9000, 9000], damping: [400, 400, 400]}
motion: {speed_scale: 1.0, across: [1.0, 4.0], vertical: [0.45, 3.5], share: 0.9, stop_time: 0.1, grip: 0.66,
  settle: 0.1, arrived: 0.005, blocked: 0.02, overdue: 1.0}
guard: {margin: 0.0005, box: {x: [0, 0.6], y: [-0.3, 0.3], z: [0.005, 0.6]}, joining: 0.25, following: 0.15,
  following_time: 0.3}
"""


@pytest.fixture(scope="module")
def gantry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gantry")
    (folder / "gantry.urdf").write_text(URDF)
    (folder / "gantry.yaml").write_text(PROFILE)
    return Arm.load(folder / "gantry.yaml")


def test_its_kinematics_are_its_own(gantry):
    kinematics = Kinematics(gantry)
    np.testing.assert_allclose(kinematics.forward([0.2, 0.1, 0.3])[0], [0.2, 0.1, 0.2], atol=1e-6)
    np.testing.assert_allclose(kinematics.inverse([0.4, -0.1, 0.05]), [0.4, -0.1, 0.45], atol=1e-3)
    with pytest.raises(Unreachable, match="gantry"):
        kinematics.inverse([0.9, 0.0, 0.1])


def test_it_stacks_boxes_like_any_arm(gantry):
    env = StackObjects("stack_red_on_blue", arm=gantry)
    env.reset(seed=0)
    env.step(env.state.objects["red"][:2])
    assert env.world.holds(SubGoal(Relation.GRASPING, "red")) is True
    *_, info = env.step(env.state.objects["blue"][:2])
    assert info["success"]
