# SPDX-License-Identifier: Apache-2.0
import os
from xml.etree import ElementTree

import pytest

from unified_agent import paths
from unified_agent.nodes import transport


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for variable in (*transport.PROFILE_VARIABLES, transport.RANGE_VARIABLE):
        monkeypatch.setenv(variable, "to be put back")
        monkeypatch.delenv(variable)


def test_the_profile_that_ros_is_given_has_room_for_several_camera_images():
    transport.prepare()
    for variable in transport.PROFILE_VARIABLES:
        profile = ElementTree.parse(os.environ[variable])
        size = profile.find(".//{*}segment_size")
        assert int(size.text) > 8 * 640 * 480 * 3
    assert os.environ[transport.RANGE_VARIABLE] == "LOCALHOST"


def test_what_the_person_has_set_stays(monkeypatch):
    monkeypatch.setenv(transport.PROFILE_VARIABLES[1], "/etc/lab.xml")
    monkeypatch.setenv(transport.RANGE_VARIABLE, "SUBNET")
    transport.prepare()
    assert os.environ[transport.PROFILE_VARIABLES[1]] == "/etc/lab.xml"
    assert transport.PROFILE_VARIABLES[0] not in os.environ
    assert os.environ[transport.RANGE_VARIABLE] == "SUBNET"


def test_the_profile_ships_with_the_package():
    assert (paths.share() / "config" / "fastdds.xml").is_file()
