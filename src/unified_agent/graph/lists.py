# SPDX-License-Identifier: Apache-2.0
"""The one list of nodes and arguments behind the launch files and ``unified-agent up``."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from unified_agent import paths
from unified_agent.device import DEVICES
from unified_agent.documents import shown
from unified_agent.errors import UserError, nearest
from unified_agent.nodes import parameter_files
from unified_agent.robot.arm import Arm

PACKAGE = paths.PACKAGE
TRUTHS = {"true": True, "false": False}
NAMESPACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*|")
# What the argument 'discovery' may say -> ROS_AUTOMATIC_DISCOVERY_RANGE.
RANGES = {"localhost": "LOCALHOST", "subnet": "SUBNET", "off": "OFF", "system_default": "SYSTEM_DEFAULT"}
# The recorder writes down which models the others use: their defaults too.
ALWAYS_TOLD = ("recorder",)
# Letters of an argument's value.
_LONGEST = 10_000
# Every node of a graph; the recorder may be left out.
NODES = ("mujoco_bridge", "captioner", "planner", "policy", "recorder")
# The node that rewards frames by a sentence; it starts where there is one.
REWARD_NODE = "reward"
# The node that serves the action, and the package without whose type it cannot.
ACTION_NODE, INTERFACES = "agent", "unified_agent_interfaces"


@dataclass(frozen=True)
class Argument:
    """A launch argument.

    Attributes:
        name: ``name:=value``.
        default: as it is typed.
        description: what ``ros2 launch --show-args`` shows.
        parameters: (node, parameter) pairs that get its value.
        type: of the value.
        low: the least that a number may be.
        options: what a text may be; anything where empty.
    """

    name: str
    default: str
    description: str
    parameters: tuple[tuple[str, str], ...] = ()
    type: type = str
    low: float = -math.inf
    options: tuple[str, ...] = ()

    def value(self, text: str) -> bool | int | float | str:
        """The typed value of what was typed.

        Raises:
            UserError: it is no such value.
        """
        if len(text) > _LONGEST or "\0" in text:
            raise UserError(f"The argument '{self.name}' is text of at most {_LONGEST} letters, not {shown(text)}.")
        if self.type is bool:
            if text.lower() not in TRUTHS:
                raise UserError(f"The argument '{self.name}' is true or false, not {shown(text)}.")
            return TRUTHS[text.lower()]
        try:
            value = self.type(text)
        except ValueError:
            value = None
        if self.options and text not in self.options:
            said = nearest(text[:80], self.options)
            raise UserError(f"The argument '{self.name}' cannot be {shown(text)}. {said}")
        if self.type is str:
            return text
        if value is None or not math.isfinite(value) or not self.low <= value < 2**63:
            kind = {int: "a whole number", float: "a number"}[self.type]
            least = f" of {self.low:g} or more" if math.isfinite(self.low) else ""
            raise UserError(f"The argument '{self.name}' is {kind}{least}, not {shown(text)}. {self.description}")
        return value


def _of(parameter: str, *nodes: str) -> tuple[tuple[str, str], ...]:
    return tuple((node, parameter) for node in nodes)


# Of every graph: how its nodes are named, found and set up.
COMMON_ARGUMENTS = (
    Argument("namespace", "", "Of every node, topic and service, such as left; two agents share a domain so."),
    Argument("params_file", "", "A ROS parameter file of yours, on top of that in config/."),
    Argument("remap", "", "Remappings of names for all nodes, with commas: camera/left/image_raw:=/usb_cam/image_raw."),
    Argument(
        "discovery",
        "",
        "Who finds the nodes: localhost, subnet, off or system_default; empty: as ROS_AUTOMATIC_DISCOVERY_RANGE says, "
        "else localhost.",
    ),
)
ARGUMENTS = (
    Argument("instruction", "", "What the arm shall do, in plain words; empty: wait for /instruction."),
    Argument("task", "", "A task (stack_red_on_blue, ...): its start is set up, its instruction given."),
    Argument(
        "arm",
        "default",
        "Name in config/arms/ or path of a YAML file.",
        _of("arm", "mujoco_bridge", "policy", "recorder"),
    ),
    Argument(
        "speed",
        "1.0",
        "Simulated seconds a wall second; 0: as fast as possible.",
        _of("speed", "mujoco_bridge"),
        float,
        0.0,
    ),
    Argument("seed", "0", "Of the random starts and of the policy.", _of("seed", "mujoco_bridge", "policy"), int, 0),
    Argument("randomise", "false", "Vary lights, cameras and colours.", _of("randomise", "mujoco_bridge"), bool),
    Argument(
        "device",
        "auto",
        "Where the networks compute: auto, cpu or cuda.",
        _of("device", "captioner", "planner", "policy", "reward"),
        options=DEVICES,
    ),
    Argument("headless", "true", "false opens MuJoCo's viewer.", _of("headless", "mujoco_bridge"), bool),
    Argument(
        "clip_model",
        "default",
        "CLIP: default, NAME:TAG of open_clip, hf-hub:OWNER/REPOSITORY, or a folder.",
        _of("clip_model", "captioner", "planner", "recorder", "reward"),
    ),
    Argument(
        "planner",
        "smollm2",
        "Language model: smollm2, or hf:<model id or folder>.",
        _of("planner", "planner", "recorder"),
    ),
    Argument(
        "policy",
        "default",
        "Policy checkpoint: default, a folder, or play: act at random.",
        _of("policy", "policy", "recorder"),
    ),
    Argument(
        "reward",
        "",
        "A sentence whose reward is told on /reward, frame by frame; empty: none.",
        _of("goal", REWARD_NODE),
    ),
    Argument("record", "true", "Record every episode (rosbag2 and video).", (), bool),
    Argument("runs", "runs", "Folder of the recordings."),
    *COMMON_ARGUMENTS,
)
REPLAY_ARGUMENTS = (
    Argument("bag", "", "The recording: a rosbag2 directory, one of its files, or a ROS 1 bag.", _of("bag", "replay")),
    Argument("rate", "1.0", "Recorded seconds a wall second.", _of("rate", "replay"), float, 0.0),
    Argument("image_topics", "", "Image topics of the bag, one a camera (with commas) or one for all; empty: found."),
    Argument("topics", "", "Topics to play besides the sensors, with commas; an arm's commands only so."),
    *(argument for argument in ARGUMENTS if argument.name in ("device", "clip_model", "planner", "reward", "runs")),
    *COMMON_ARGUMENTS,
)


@dataclass(frozen=True)
class NodeEntry:
    """A node of the graph.

    Attributes:
        name: of the node, and of the program that runs it.
        parameters: what the arguments set, on top of the parameter file.
    """

    name: str
    parameters: dict[str, bool | int | float | str | list[str]] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """For ``python -m``."""
        return f"{PACKAGE}.nodes.{self.name}"


@dataclass(frozen=True)
class Graph:
    """What to start.

    Attributes:
        nodes: in the order in which they are started.
        parameter_files: ROS parameter files for all of them; a later one comes before an earlier one.
        instruction: what is asked for at the start; empty: nothing.
        run: folder of this run's recordings and logs.
        namespace: of all nodes, without the slash before it; empty: none.
        remaps: (from, to) of all nodes; the first that fits counts.
        discovery: ROS_AUTOMATIC_DISCOVERY_RANGE; empty: as it is set, else this machine only.
        arm: name or YAML file of the arm that moves; empty: none.
    """

    nodes: tuple[NodeEntry, ...]
    parameter_files: tuple[Path, ...]
    instruction: str
    run: Path
    namespace: str = ""
    remaps: tuple[tuple[str, str], ...] = ()
    discovery: str = ""
    arm: str = ""

    def full_name(self, node: str) -> str:
        """Of a node, such as ``/left/policy``."""
        return f"/{self.namespace}/{node}" if self.namespace else f"/{node}"


def sim(arguments: Mapping[str, str]) -> Graph:
    """The graph with the simulated arm.

    Args:
        arguments: name -> text, any of `ARGUMENTS`; the others take their defaults.

    Raises:
        UserError: an unknown argument, arm or task, or a value of the wrong type.
    """
    values = _values(arguments, ARGUMENTS)
    run = _run(values)
    Arm.load(values["arm"])
    of_task = _instruction(values["task"])
    instruction = values["instruction"] or of_task
    parameters: dict[str, dict] = {name: {} for name in NODES}
    parameters["mujoco_bridge"]["task"] = values["task"]
    parameters["planner"]["instruction"] = instruction
    parameters["recorder"]["directory"] = str(run)
    if values["reward"]:
        parameters[REWARD_NODE] = {}
    _hand_out(values, ARGUMENTS, parameters)
    if not values["record"]:
        del parameters["recorder"]
    if find_spec(INTERFACES):
        parameters[ACTION_NODE] = {}
    return _graph("sim.yaml", parameters, instruction, run, values)


def replay(arguments: Mapping[str, str]) -> Graph:
    """A recording in the place of the arm, with a live captioner and planner.

    Args:
        arguments: name -> text, any of `REPLAY_ARGUMENTS`.

    Raises:
        UserError: no bag, an unknown argument, or a value of the wrong type.
    """
    values = _values(arguments, REPLAY_ARGUMENTS)
    if not values["bag"]:
        raise UserError("What shall be replayed? Give bag:=DIR, a rosbag2 directory such as runs/.../episode_001.")
    lists = {key: [name.strip() for name in values[key].split(",")] for key in ("topics", "image_topics")}
    parameters: dict[str, dict] = {"replay": lists, "captioner": {}, "planner": {}}
    if values["reward"]:
        parameters[REWARD_NODE] = {}
    _hand_out(values, REPLAY_ARGUMENTS, parameters)
    parameters["replay"]["bag"] = str(paths.expanded(values["bag"]).absolute())
    return _graph("replay.yaml", parameters, "", _run(values), values)


def namespace_of(text: str) -> str:
    """A namespace without slashes around it.

    Raises:
        UserError: it is none.
    """
    name = text.strip("/")
    if not NAMESPACE.fullmatch(name):
        raise UserError(
            "A namespace is made of letters, digits, _ and /, and no part of it begins with a digit: not "
            f"{shown(text)}."
        )
    return name


def _hand_out(values: Mapping[str, object], known: Sequence[Argument], parameters: dict[str, dict]) -> None:
    """Give the nodes what the arguments set; a default is the node's own too, and a file may say otherwise."""
    for argument in known:
        value = values[argument.name]
        for node, parameter in argument.parameters:
            if node in parameters and (node in ALWAYS_TOLD or value != argument.value(argument.default)):
                parameters[node][parameter] = value


def _graph(file: str, parameters: Mapping[str, dict], instruction: str, run: Path, values: Mapping) -> Graph:
    files = [paths.share() / "config" / file]
    if values["params_file"]:
        files.append(paths.expanded(values["params_file"]).absolute())
        if not files[-1].is_file():
            raise UserError(f"There is no parameter file {files[-1]}: give params_file:=FILE, a YAML file.")
        parameter_files.sections(files[-1])
    namespace = namespace_of(values["namespace"])
    remaps = _remaps(values["remap"])
    if namespace:
        # Two simulations on one domain have two times, and two arms two trees of frames. ROS knows these by full names.
        remaps = (*remaps, ("/clock", "clock"), ("/tf", "tf"), ("/tf_static", "tf_static"))
    discovery = values["discovery"].lower()
    if discovery and discovery not in RANGES:
        raise UserError(f"The argument 'discovery' cannot be {shown(discovery)}. {nearest(discovery[:80], RANGES)}")
    nodes = tuple(NodeEntry(name, given) for name, given in parameters.items())
    return Graph(
        nodes, tuple(files), instruction, run, namespace, remaps, RANGES.get(discovery, ""), values.get("arm", "")
    )


def _remaps(text: str) -> tuple[tuple[str, str], ...]:
    rules = []
    for rule in filter(None, (part.strip() for part in text.split(","))):
        before, separator, after = rule.partition(":=")
        if not (before and separator and after):
            raise UserError(f"A remapping is FROM:=TO, not {shown(rule)}; several are parted by commas.")
        rules.append((before, after))
    return tuple(rules)


def _values(arguments: Mapping[str, str], known: Sequence[Argument]) -> dict[str, bool | int | float | str]:
    names = [argument.name for argument in known]
    for name in arguments:
        if name not in names:
            raise UserError(f"There is no argument {shown(name)}. {nearest(name[:80], names)}")
    return {argument.name: argument.value(arguments.get(argument.name, argument.default)) for argument in known}


def _run(values: Mapping[str, bool | int | float | str]) -> Path:
    return paths.expanded(values["runs"]).absolute() / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")


def _instruction(task: str) -> str:
    if not task:
        return ""
    from unified_agent.sim import tasks

    return tasks.get(task).instruction
