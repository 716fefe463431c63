# SPDX-License-Identifier: Apache-2.0
"""How ROS carries messages, set before a process makes its first node; what the person has set stays."""

import os
from importlib import metadata

from unified_agent import paths

PROFILE_VARIABLE = "FASTDDS_DEFAULT_PROFILES_FILE"
# The same for Fast DDS 2; 3 takes it too, and complains.
OLD_PROFILE_VARIABLE, OLD_DISTROS = "FASTRTPS_DEFAULT_PROFILES_FILE", ("humble", "iron", "jazzy")
OLD_WHEEL = "ros-fastrtps"
RANGE_VARIABLE, LOCALHOST = "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST"
# Every process reserves its shared memory whole, and a container has 64 MB of it: only who sends images takes much.
PROFILE, IMAGES_PROFILE = "fastdds.xml", "fastdds_images.xml"


def keep_to_this_machine() -> None:
    """Let ROS discover only this machine's nodes.

    An arm must not follow the plan of a stranger's planner on the same network; set ROS_AUTOMATIC_DISCOVERY_RANGE (and
    ROS_DOMAIN_ID) to open the graph.
    """
    os.environ.setdefault(RANGE_VARIABLE, LOCALHOST)


def make_room_for_images(sends: bool = False) -> None:
    """Give Fast DDS the shared memory that this process needs.

    Args:
        sends: whether it publishes camera images, up to 1920x1080; else it has room for what takes them in.
    """
    ours = [str(paths.share() / "config" / name) for name in (PROFILE, IMAGES_PROFILE)]
    set_to = [os.environ.get(name, "") for name in (PROFILE_VARIABLE, OLD_PROFILE_VARIABLE)]
    # One of ours comes from the process that started this one, for itself.
    if all(path in ("", *ours) for path in set_to):
        os.environ[OLD_PROFILE_VARIABLE if _old() else PROFILE_VARIABLE] = ours[sends]


def _old() -> bool:
    """Whether Fast DDS is of version 2: of an installed ROS by its name, of wheels by the wheel that has it."""
    if distro := os.environ.get("ROS_DISTRO"):
        return distro in OLD_DISTROS
    try:
        return bool(metadata.version(OLD_WHEEL))
    except metadata.PackageNotFoundError:
        return False


def prepare(sends: bool = False) -> None:
    """Both, for the graphs that ``unified-agent`` starts and speaks to."""
    keep_to_this_machine()
    make_room_for_images(sends)
