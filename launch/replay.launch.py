# SPDX-License-Identifier: Apache-2.0
"""A recording into a live captioner and planner: ros2 launch unified_agent replay.launch.py bag:=DIR."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from unified_agent.nodes import graph
from unified_agent.nodes.domains import Domain


def start_nodes(context):
    typed = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in graph.REPLAY_ARGUMENTS}
    wanted = graph.replay(typed)
    domain = Domain(str(wanted.run))
    # What the context keeps lives as long as the launch, and so holds the domain.
    context.extend_globals({"domain": domain})
    nodes = [
        Node(
            package=graph.PACKAGE,
            executable=node.name,
            name=node.name,
            parameters=[str(wanted.parameter_file), node.parameters],
            output="screen",
            on_exit=Shutdown(reason=f"{node.name} ended"),
        )
        for node in wanted.nodes
    ]
    return [
        LogInfo(msg=f"ROS domain {domain.number} (in another terminal: export ROS_DOMAIN_ID={domain.number})"),
        *nodes,
    ]


def generate_launch_description():
    arguments = [
        DeclareLaunchArgument(argument.name, default_value=argument.default, description=argument.description)
        for argument in graph.REPLAY_ARGUMENTS
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=start_nodes)])
