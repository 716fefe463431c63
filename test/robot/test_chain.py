# SPDX-License-Identifier: Apache-2.0
"""Forward kinematics from a URDF alone."""

from dataclasses import replace

import numpy as np
import pytest

from unified_agent.robot.arm import Arm, ArmError
from unified_agent.robot.chain import ToolChain
from unified_agent.robot.kinematics import Kinematics

ARM = Arm.load("fr3")


def test_the_tool_is_where_mujocos_model_of_the_urdf_has_it():
    kinematics = Kinematics(ARM)
    q = np.random.default_rng(0).uniform(ARM.lower, ARM.upper, size=(50, len(ARM.joints)))
    expected = np.array([kinematics.forward(row)[0] for row in q])
    np.testing.assert_allclose(ToolChain(ARM).positions(q), expected, atol=1e-9)


def test_a_sliding_joint_and_a_turned_origin_are_followed(tmp_path):
    urdf = tmp_path / "slide.urdf"
    urdf.write_text(
        '<robot name="s"><link name="base_link"/><link name="a"/><link name="tool"/>'
        '<joint name="turn" type="revolute"><parent link="base_link"/><child link="a"/>'
        '<origin xyz="0 0 1" rpy="0 0 1.5707963"/><axis xyz="0 0 1"/></joint>'
        '<joint name="slide" type="prismatic"><parent link="a"/><child link="tool"/><axis xyz="2 0 0"/></joint></robot>'
    )
    arm = replace(ARM, urdf=urdf, joints=("turn", "slide"), tool_frame="tool")
    found = ToolChain(arm).positions(np.array([[0.0, 0.5], [np.pi / 2, 0.25]]))
    np.testing.assert_allclose(found, [[0.0, 0.5, 1.0], [-0.25, 0.0, 1.0]], atol=1e-6)


def test_a_joint_that_does_not_move_the_tool_is_named():
    with pytest.raises(ArmError, match="fr3_joint7 do not move 'fr3_link2'"):
        ToolChain(replace(ARM, tool_frame="fr3_link2"))
