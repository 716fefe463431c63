# SPDX-License-Identifier: Apache-2.0
"""What the launch files have in common. It needs ROS 2's launch, which a ROS installation brings."""

import os
from collections.abc import Callable, Mapping, Sequence

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
    TimerAction,
)
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from unified_agent.errors import UserError, nearest
from unified_agent.graph.domains import Domain
from unified_agent.graph.lists import PACKAGE, Argument, Graph
from unified_agent.nodes import parent, transport
from unified_agent.robot.arm import Arm

# Where launch_ros keeps the namespace of the group in which a launch file is included.
PUSHED_NAMESPACE = "ros_namespace"
KEEP, AUTO = "keep", "auto"
STATE_PUBLISHER = "robot_state_publisher"
# Arguments of the launch files alone: 'unified-agent up' always chooses, and tells.
LAUNCH_ARGUMENTS = (
    Argument(
        "domain",
        KEEP,
        "ROS domain: keep (ROS_DOMAIN_ID, else 0) or auto (without ROS_DOMAIN_ID the lowest that no graph here holds).",
    ),
)


def description(wanted: Callable[[Mapping[str, str]], Graph], arguments: Sequence[Argument]) -> LaunchDescription:
    """The launch description of a graph; its nodes end together.

    Args:
        wanted: typed arguments -> the graph, such as ``graph.sim``.
        arguments: those that it takes.
    """

    def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
        try:
            typed = _typed(context, (*arguments, *LAUNCH_ARGUMENTS))
            domain = typed.pop("domain")
            if domain not in (KEEP, AUTO):
                raise UserError(f"The argument 'domain' cannot be '{domain}'. {nearest(domain, (KEEP, AUTO))}")
            return _actions(wanted(_inside(typed, context)), domain == AUTO, context)
        except UserError as error:
            return [_refusal(error)]

    declared = [
        DeclareLaunchArgument(argument.name, default_value=argument.default, description=argument.description)
        for argument in (*arguments, *LAUNCH_ARGUMENTS)
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def _actions(wanted: Graph, choose: bool, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """What starts the nodes, in a namespace of a ROS domain that the context holds as long as the launch lives.

    Nothing is started where another graph has it, one of the same launch included.
    """
    domain = Domain(str(wanted.run), wanted.namespace, choose)
    context.extend_globals({f"domain of /{wanted.namespace}": domain})
    nodes = [
        Node(
            package=PACKAGE,
            executable=node.name,
            name=node.name,
            namespace=f"/{wanted.namespace}",
            parameters=[*map(str, wanted.parameter_files), *([node.parameters] if node.parameters else [])],
            remappings=list(wanted.remaps),
            additional_env={parent.VARIABLE: str(os.getpid())},
            output="screen",
            on_exit=Shutdown(reason=f"{node.name} ended"),
        )
        for node in wanted.nodes
    ]
    where = f" in the namespace {wanted.namespace}" if wanted.namespace else ""
    said = f"ROS domain {domain.number}{where}"
    if choose:
        said += f" (in another terminal: export ROS_DOMAIN_ID={domain.number})"
    return [LogInfo(msg=said), *_range(wanted, context), *nodes, *_frames(wanted)]


def _frames(wanted: Graph) -> list[LaunchDescriptionEntity]:
    """ROS's own robot_state_publisher, which tells where the arm's links are, where it is installed."""
    if not wanted.arm:
        return []
    try:
        get_package_prefix(STATE_PUBLISHER)
    except PackageNotFoundError:
        return [LogInfo(msg=f"no frames of the arm's links on /tf: {STATE_PUBLISHER} is not installed")]
    urdf = Arm.load(wanted.arm).urdf.read_text()
    return [
        Node(
            package=STATE_PUBLISHER,
            executable=STATE_PUBLISHER,
            name=STATE_PUBLISHER,
            namespace=f"/{wanted.namespace}",
            parameters=[
                *map(str, wanted.parameter_files),
                {"robot_description": ParameterValue(urdf, value_type=str)},
            ],
            remappings=list(wanted.remaps),
            output="screen",
        )
    ]


def _refusal(error: UserError) -> LaunchDescriptionEntity:
    """What ends the launch with the error and status 1.

    Raised here, it would leave behind what other included launch files have just started: launch then forgets those
    processes. Raised a moment later it ends them all.
    """

    def refuse(context: LaunchContext) -> None:
        raise error

    return TimerAction(period=0.0, actions=[OpaqueFunction(function=refuse)])


def _range(wanted: Graph, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Who finds the nodes: as asked for, else as the person has set it, else this machine alone."""
    if wanted.discovery:
        return [SetEnvironmentVariable(transport.RANGE_VARIABLE, wanted.discovery)]
    if context.environment.get(transport.RANGE_VARIABLE):
        return []
    return [SetEnvironmentVariable(transport.RANGE_VARIABLE, transport.LOCALHOST)]


def _inside(typed: Mapping[str, str], context: LaunchContext) -> dict[str, str]:
    """The arguments with the namespace as it is inside the group that includes the launch file."""
    pushed = context.launch_configurations.get(PUSHED_NAMESPACE, "").strip("/")
    own = typed["namespace"]
    whole = own if own.startswith("/") or not pushed else f"{pushed}/{own}"
    return {**typed, "namespace": whole.strip("/")}


def _typed(context: LaunchContext, arguments: Sequence[Argument]) -> dict[str, str]:
    return {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in arguments}
