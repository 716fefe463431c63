# SPDX-License-Identifier: Apache-2.0
import os
from xml.etree import ElementTree

import pytest

from unified_agent import paths
from unified_agent.graph import transport


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for variable in (
        "ROS_DISTRO",
        transport.PROFILE_VARIABLE,
        transport.OLD_PROFILE_VARIABLE,
        transport.RANGE_VARIABLE,
    ):
        monkeypatch.setenv(variable, "to be put back")
        monkeypatch.delenv(variable)


@pytest.mark.parametrize(
    ("distro", "variable"),
    [
        ("", transport.PROFILE_VARIABLE),
        ("kilted", transport.PROFILE_VARIABLE),
        ("jazzy", transport.OLD_PROFILE_VARIABLE),
    ],
)
def test_the_profile_that_ros_is_given_has_room_for_several_camera_images(monkeypatch, distro, variable):
    monkeypatch.setenv("ROS_DISTRO", distro)
    transport.prepare()
    size = ElementTree.parse(os.environ[variable]).find(".//{*}segment_size")
    assert int(size.text) > 8 * 640 * 480 * 3
    assert os.environ[transport.RANGE_VARIABLE] == "LOCALHOST"


def test_what_the_person_has_set_stays(monkeypatch):
    monkeypatch.setenv(transport.OLD_PROFILE_VARIABLE, "/etc/lab.xml")
    monkeypatch.setenv(transport.RANGE_VARIABLE, "SUBNET")
    transport.prepare()
    assert os.environ[transport.OLD_PROFILE_VARIABLE] == "/etc/lab.xml"
    assert transport.PROFILE_VARIABLE not in os.environ
    assert os.environ[transport.RANGE_VARIABLE] == "SUBNET"


def test_the_profile_ships_with_the_package():
    assert (paths.share() / "config" / "fastdds.xml").is_file()
