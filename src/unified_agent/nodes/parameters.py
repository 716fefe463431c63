# SPDX-License-Identifier: Apache-2.0
"""Parameters of a node, declared once: described, checked, and no misspelt one passes in silence."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import yaml
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from unified_agent.errors import UserError, nearest

Value = bool | int | float | str | list[str]
# Parameters that rclpy itself reads, on every node.
BUILT_IN = ("use_sim_time", "start_type_description_service")
QOS_OVERRIDES = "qos_overrides."


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
            raise BadParameter(f"Parameter '{self.name}' is a {kind.__name__}, not {value!r}. {self.description}")
        if kind in (int, float):
            low = -float("inf") if self.low is None else self.low
            high = float("inf") if self.high is None else self.high
            if not low <= value <= high:
                raise BadParameter(f"Parameter '{self.name}' lies in [{low}, {high}], not {value}. {self.description}")
        if self.options and value not in self.options:
            raise BadParameter(f"Parameter '{self.name}' cannot be '{value}'. {nearest(str(value), self.options)}")
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
    unknown = [n for n in given if n not in by_name and n not in BUILT_IN and not n.startswith(QOS_OVERRIDES)]
    for_many = _given_to_many(sys.argv) if unknown else set()
    for name in unknown:
        said = f"The node '{node.get_name()}' has no parameter '{name}'"
        if name not in for_many:
            raise BadParameter(f"{said}. {nearest(name, by_name)}")
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


def _given_to_many(arguments: Sequence[str]) -> set[str]:
    """Names that the parameter files of a command line give by a pattern only, such as ``/**``, not to one node."""
    many, one = set(), set()
    for flag, path in pairwise(arguments):
        if flag != "--params-file":
            continue
        with open(path) as file:
            sections = yaml.safe_load(file) or {}
        for node, section in sections.items():
            (many if "*" in node else one).update(_names(section.get("ros__parameters", {})))
    return many - one


def _names(values: Mapping[str, object], before: str = "") -> Iterator[str]:
    """The names of a section: nested ones with dots, as ROS joins them."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"
