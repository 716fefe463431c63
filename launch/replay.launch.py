# SPDX-License-Identifier: Apache-2.0
"""A recording into a live captioner and planner: ros2 launch unified_agent replay.launch.py bag:=DIR."""

from unified_agent.graph import launching, lists


def generate_launch_description():
    return launching.description(lists.replay, lists.REPLAY_ARGUMENTS)
