# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.sim.world import World


@pytest.fixture(scope="session")
def arm():
    return Arm.load("fr3")


@pytest.fixture(scope="module")
def shared_world(arm):
    world = World(arm)
    yield world
    world.close()


@pytest.fixture
def world(shared_world):
    """A world at the same random start for every test."""
    shared_world.reset(seed=0)
    return shared_world
