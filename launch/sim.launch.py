# SPDX-License-Identifier: Apache-2.0
"""The agent with the simulated arm: ros2 launch unified_agent sim.launch.py instruction:="grasp the red object"."""

from unified_agent.graph import launching, lists


def generate_launch_description():
    return launching.description(lists.sim, lists.ARGUMENTS)
