# SPDX-License-Identifier: Apache-2.0
"""How ROS carries messages, set before a process makes its first node; what the person has set stays."""

import os

from unified_agent import paths

# Fast DDS 3 (ROS 2 Kilted and later) and 2 (Jazzy, Humble) have each their name for it.
PROFILE_VARIABLES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
RANGE_VARIABLE = "ROS_AUTOMATIC_DISCOVERY_RANGE"


def keep_to_this_machine() -> None:
    """Let ROS discover only this machine's nodes.

    An arm must not follow the plan of a stranger's planner on the same network; set ROS_AUTOMATIC_DISCOVERY_RANGE (and
    ROS_DOMAIN_ID) to open the graph.
    """
    os.environ.setdefault(RANGE_VARIABLE, "LOCALHOST")


def make_room_for_images() -> None:
    """Give Fast DDS the shared memory that camera images need (``config/fastdds.xml``)."""
    if not any(os.environ.get(variable) for variable in PROFILE_VARIABLES):
        profile = str(paths.share() / "config" / "fastdds.xml")
        os.environ.update(dict.fromkeys(PROFILE_VARIABLES, profile))


def prepare() -> None:
    """Both, for the graphs that ``unified-agent`` starts and speaks to."""
    keep_to_this_machine()
    make_room_for_images()
