# SPDX-License-Identifier: Apache-2.0
"""How ROS carries messages, set before a process makes its first node; what the person has set stays."""

import os

from unified_agent import paths

PROFILE_VARIABLE = "FASTDDS_DEFAULT_PROFILES_FILE"
# The same for Fast DDS 2; 3 takes it too, and complains.
OLD_PROFILE_VARIABLE, OLD_DISTROS = "FASTRTPS_DEFAULT_PROFILES_FILE", ("humble", "iron", "jazzy")
RANGE_VARIABLE = "ROS_AUTOMATIC_DISCOVERY_RANGE"


def keep_to_this_machine() -> None:
    """Let ROS discover only this machine's nodes.

    An arm must not follow the plan of a stranger's planner on the same network; set ROS_AUTOMATIC_DISCOVERY_RANGE (and
    ROS_DOMAIN_ID) to open the graph.
    """
    os.environ.setdefault(RANGE_VARIABLE, "LOCALHOST")


def make_room_for_images() -> None:
    """Give Fast DDS the shared memory that camera images need (``config/fastdds.xml``)."""
    variable = OLD_PROFILE_VARIABLE if os.environ.get("ROS_DISTRO") in OLD_DISTROS else PROFILE_VARIABLE
    if not os.environ.get(PROFILE_VARIABLE) and not os.environ.get(OLD_PROFILE_VARIABLE):
        os.environ[variable] = str(paths.share() / "config" / "fastdds.xml")


def prepare() -> None:
    """Both, for the graphs that ``unified-agent`` starts and speaks to."""
    keep_to_this_machine()
    make_room_for_images()
