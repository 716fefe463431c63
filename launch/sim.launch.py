# SPDX-License-Identifier: Apache-2.0
"""The agent with the simulated arm: ros2 launch unified_agent sim.launch.py instruction:="grasp the red object"."""

from unified_agent.nodes import graph, launching


def generate_launch_description():
    return launching.description(graph.sim, graph.ARGUMENTS)
