# SPDX-License-Identifier: Apache-2.0
"""Parameters of a node, declared once: described, checked, and no misspelt one passes in silence."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from unified_agent.documents import shown
from unified_agent.errors import UserError, nearest
from unified_agent.nodes.parameter_files import given_to_many

Value = bool | int | float | str | list[str]
# Parameters that rclpy itself reads, on every node.
BUILT_IN = ("use_sim_time", "start_type_description_service")
QOS_OVERRIDES = "qos_overrides."
ROLES, POLICIES = ("publisher", "subscription"), ("depth", "durability", "history", "reliability")


class BadParameter(UserError):
    """A parameter that is unknown, of the wrong type or out of its range."""


@dataclass(frozen=True)
class Spec:
    """One parameter.

    Attributes:
        name: as in a parameter file.
        default: its type is the parameter's type. A list of strings is given as ``[""]`` when it is empty.
        description: what ``ros2 param describe`` shows; units included.
        low, high: the closed range of a number.
        options: the values a string may have; any where empty.
        live: whether it may change while the node runs.
    """

    name: str
    default: Value
    description: str
    low: float | None = None
    high: float | None = None
    options: Sequence[str] = ()
    live: bool = False

    def check(self, value: object) -> Value:
        """``value`` in the parameter's own type.

        Raises:
            BadParameter: another type, out of range, or none of the options.
        """
        kind = type(self.default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if kind is list and not isinstance(value, (str, bytes)) and hasattr(value, "__iter__"):
            value = list(value)
        if type(value) is not kind:
            raise BadParameter(f"Parameter '{self.name}' is a {kind.__name__}, not {shown(value)}. {self.description}")
        if kind is list and (wrong := [part for part in value if not isinstance(part, str)]):
            raise BadParameter(f"Parameter '{self.name}' is a list of strings, not of {shown(wrong[0])}.")
        if kind in (int, float):
            low = -float("inf") if self.low is None else self.low
            high = float("inf") if self.high is None else self.high
            if not low <= value <= high:
                range_ = f"[{low}, {high}]"
                raise BadParameter(f"Parameter '{self.name}' lies in {range_}, not {shown(value)}. {self.description}")
        if self.options and value not in self.options:
            said = nearest(str(value)[:80], self.options)
            raise BadParameter(f"Parameter '{self.name}' cannot be {shown(value)}. {said}")
        return value

    @property
    def descriptor(self) -> ParameterDescriptor:
        """The same in ROS's terms. Typing is dynamic: ``speed: 1`` serves where 1.0 is meant, and `check` decides."""
        descriptor = ParameterDescriptor(
            description=self.description,
            read_only=not self.live,
            dynamic_typing=True,
            additional_constraints=f"one of: {', '.join(self.options)}" if self.options else "",
        )
        if self.low is None and self.high is None:
            return descriptor
        if isinstance(self.default, float):
            low = -1e300 if self.low is None else float(self.low)
            high = 1e300 if self.high is None else float(self.high)
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        else:
            low = -(2**31) if self.low is None else int(self.low)
            high = 2**31 if self.high is None else int(self.high)
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
        return descriptor


def declare(node: Node, specs: Sequence[Spec], changed: Callable[[str, Value], None] | None = None) -> dict[str, Value]:
    """Declare the parameters on a node.

    Args:
        node: just made, with nothing declared.
        specs: all it has.
        changed: called with the name and checked value when a ``live`` parameter is set later; a `UserError` that
            it raises refuses the change.

    Returns:
        Name -> value.

    A parameter that a file gives to many nodes at once (``/**``) and this one lacks is left out, with a warning.

    Raises:
        BadParameter: a given parameter is unknown (the nearest right name is told) or its value is wrong.
    """
    by_name = {spec.name: spec for spec in specs}
    # rclpy keeps what a file or the command line gave, and drops without a word what nobody declares.
    given = {name: parameter.value for name, parameter in node._parameter_overrides.items()}
    for name in given:
        if name.startswith(QOS_OVERRIDES):
            _check_qos_override(name)
    unknown = [n for n in given if n not in by_name and n not in BUILT_IN and not n.startswith(QOS_OVERRIDES)]
    for_many = given_to_many(sys.argv) if unknown else set()
    for name in unknown:
        said = f"The node '{node.get_name()}' has no parameter '{name}'"
        if name not in for_many:
            raise BadParameter(f"{said}. {nearest(name[:80], by_name)}")
        node.get_logger().warning(f"{said}, which a parameter file gives to many nodes: left out.")
    values = {spec.name: spec.check(given.get(spec.name, spec.default)) for spec in specs}
    for spec in specs:
        node.declare_parameter(spec.name, values[spec.name], spec.descriptor, ignore_override=True)

    def on_set(parameters: list[Parameter]) -> SetParametersResult:
        try:
            for parameter in parameters:
                if parameter.name in by_name:
                    value = by_name[parameter.name].check(parameter.value)
                    if changed is not None:
                        changed(parameter.name, value)
        except UserError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_set)
    return values


def _check_qos_override(name: str) -> None:
    """What can be said without the topic: publisher or subscription, and which policy."""
    *before, role, policy = name.split(".")
    if len(before) < 2 or role.partition("_")[0] not in ROLES:
        raise BadParameter(
            f"'{name[:200]}' is no quality of service: expected {QOS_OVERRIDES}TOPIC.subscription.POLICY or publisher. "
            f"{nearest(role[:80], ROLES)}"
        )
    if policy not in POLICIES:
        raise BadParameter(f"'{name[:200]}': there is no policy '{policy[:80]}'. {nearest(policy[:80], POLICIES)}")
