# SPDX-License-Identifier: Apache-2.0
"""What the launch files have in common. It needs ROS 2's launch, which a ROS installation brings."""

from collections.abc import Callable, Mapping, Sequence

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from unified_agent.graph import transport
from unified_agent.graph.domains import Domain
from unified_agent.graph.lists import PACKAGE, Argument, Graph


def description(wanted: Callable[[Mapping[str, str]], Graph], arguments: Sequence[Argument]) -> LaunchDescription:
    """The launch description of a graph; its nodes end together.

    Args:
        wanted: typed arguments -> the graph, such as ``graph.sim``.
        arguments: those that it takes.
    """

    def start(context: LaunchContext) -> list:
        return _actions(wanted(_typed(context, arguments)), context)

    declared = [
        DeclareLaunchArgument(argument.name, default_value=argument.default, description=argument.description)
        for argument in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def _actions(wanted: Graph, context: LaunchContext) -> list:
    """What starts the nodes, on a ROS domain that the context holds as long as the launch lives."""
    transport.make_room_for_images()
    domain = Domain(str(wanted.run))
    context.extend_globals({"domain": domain})
    nodes = [
        Node(
            package=PACKAGE,
            executable=node.name,
            name=node.name,
            parameters=[str(wanted.parameter_file), node.parameters],
            output="screen",
            on_exit=Shutdown(reason=f"{node.name} ended"),
        )
        for node in wanted.nodes
    ]
    said = f"ROS domain {domain.number} (in another terminal: export ROS_DOMAIN_ID={domain.number})"
    return [LogInfo(msg=said), *nodes]


def _typed(context: LaunchContext, arguments: Sequence[Argument]) -> dict[str, str]:
    return {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in arguments}
