# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys

import pytest

RENDER = """
from unified_agent.errors import UserError
try:
    from unified_agent.robot.arm import Arm
    from unified_agent.sim.world import World
    world = World(Arm.load("fr3"))
    world.step(10)
    print("stepped")
    world.render("left")
except UserError as error:
    print(error)
"""


def run(platform):
    """What a process of its own prints: MuJoCo picks its OpenGL platform only once."""
    environment = {**os.environ, "MUJOCO_GL": platform}
    return subprocess.run([sys.executable, "-c", RENDER], env=environment, capture_output=True, text=True, timeout=60)


def test_without_opengl_the_physics_runs_and_rendering_says_what_to_install():
    result = run("disable")
    assert result.stdout.startswith("stepped")
    assert "sudo apt-get install" in result.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other platforms")
def test_an_opengl_platform_that_does_not_exist_is_an_error_that_says_what_to_do():
    result = run("bogus")
    assert "MUJOCO_GL=bogus" in result.stdout
    assert "Leave MUJOCO_GL unset" in result.stdout
