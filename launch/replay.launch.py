# SPDX-License-Identifier: Apache-2.0
"""A recording into a live captioner and planner: ros2 launch unified_agent replay.launch.py bag:=DIR."""

from unified_agent.nodes import graph, launching


def generate_launch_description():
    return launching.description(graph.replay, graph.REPLAY_ARGUMENTS)
