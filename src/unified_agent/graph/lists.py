# SPDX-License-Identifier: Apache-2.0
"""The one list of nodes and arguments behind the launch files and ``unified-agent up``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from unified_agent import paths
from unified_agent.errors import UserError, nearest

PACKAGE = paths.PACKAGE
TRUTHS = {"true": True, "false": False}
# Every node of a graph; the recorder may be left out.
NODES = ("mujoco_bridge", "captioner", "planner", "policy", "recorder")


@dataclass(frozen=True)
class Argument:
    """A launch argument.

    Attributes:
        name: ``name:=value``.
        default: as it is typed.
        description: what ``ros2 launch --show-args`` shows.
        parameters: (node, parameter) pairs that get its value.
        type: of the value.
    """

    name: str
    default: str
    description: str
    parameters: tuple[tuple[str, str], ...] = ()
    type: type = str

    def value(self, text: str) -> bool | int | float | str:
        """The typed value of what was typed.

        Raises:
            UserError: it is no such value.
        """
        if self.type is bool:
            if text.lower() not in TRUTHS:
                raise UserError(f"The argument '{self.name}' is true or false, not '{text}'.")
            return TRUTHS[text.lower()]
        try:
            return self.type(text)
        except ValueError:
            kind = {int: "a whole number", float: "a number"}[self.type]
            raise UserError(f"The argument '{self.name}' is {kind}, not '{text}'. {self.description}") from None


def _of(parameter: str, *nodes: str) -> tuple[tuple[str, str], ...]:
    return tuple((node, parameter) for node in nodes)


ARGUMENTS = (
    Argument("instruction", "", "What the arm shall do, in plain words; empty: wait for /instruction."),
    Argument("task", "", "A task (stack_red_on_blue, ...): its start is set up, its instruction given."),
    Argument(
        "arm",
        "fr3",
        "Name in config/arms/ or path of a YAML file.",
        _of("arm", "mujoco_bridge", "policy", "recorder"),
    ),
    Argument(
        "speed",
        "1.0",
        "Simulated seconds a wall second; 0: as fast as possible.",
        _of("speed", "mujoco_bridge"),
        float,
    ),
    Argument("seed", "0", "Of the random starts and of the policy.", _of("seed", "mujoco_bridge", "policy"), int),
    Argument("randomise", "false", "Vary lights, cameras and colours.", _of("randomise", "mujoco_bridge"), bool),
    Argument(
        "device",
        "auto",
        "Where the networks compute: auto, cpu or cuda.",
        _of("device", "captioner", "planner", "policy"),
    ),
    Argument("headless", "true", "false opens MuJoCo's viewer.", _of("headless", "mujoco_bridge"), bool),
    Argument(
        "clip_model",
        "default",
        "CLIP: default, NAME:TAG of open_clip, hf-hub:OWNER/REPOSITORY, or a folder.",
        _of("clip_model", "captioner", "planner", "recorder"),
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
        "Policy checkpoint: default, or a folder.",
        _of("policy", "policy", "recorder"),
    ),
    Argument("record", "true", "Record every episode (rosbag2 and video).", (), bool),
    Argument("runs", "runs", "Folder of the recordings."),
)
REPLAY_ARGUMENTS = (
    Argument("bag", "", "The recording: a rosbag2 directory or one of its files.", _of("bag", "replay")),
    Argument("rate", "1.0", "Recorded seconds a wall second.", _of("rate", "replay"), float),
    Argument("image_topics", "", "Image topics of the bag, one a camera (with commas) or one for all; empty: found."),
    Argument("topics", "", "Topics to play besides the sensors, with commas; an arm's commands only so."),
    *(argument for argument in ARGUMENTS if argument.name in ("device", "clip_model", "planner", "runs")),
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
        parameter_file: a ROS parameter file for all of them.
        instruction: what is asked for at the start; empty: nothing.
        run: folder of this run's recordings and logs.
    """

    nodes: tuple[NodeEntry, ...]
    parameter_file: Path
    instruction: str
    run: Path


def sim(arguments: Mapping[str, str]) -> Graph:
    """The graph with the simulated arm.

    Args:
        arguments: name -> text, any of `ARGUMENTS`; the others take their defaults.

    Raises:
        UserError: an unknown argument or task, or a value of the wrong type.
    """
    values = _values(arguments, ARGUMENTS)
    run = _run(values)
    instruction = values["instruction"] or _instruction(values["task"])
    parameters: dict[str, dict] = {name: {} for name in NODES}
    parameters["mujoco_bridge"]["task"] = values["task"]
    parameters["planner"]["instruction"] = instruction
    parameters["recorder"]["directory"] = str(run)
    for argument in ARGUMENTS:
        for node, parameter in argument.parameters:
            parameters[node][parameter] = values[argument.name]
    if not values["record"]:
        del parameters["recorder"]
    nodes = tuple(NodeEntry(name, given) for name, given in parameters.items())
    return Graph(nodes, paths.share() / "config" / "sim.yaml", instruction, run)


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
    for argument in REPLAY_ARGUMENTS:
        for node, parameter in argument.parameters:
            if node in parameters:
                parameters[node][parameter] = values[argument.name]
    parameters["replay"]["bag"] = str(Path(values["bag"]).expanduser().absolute())
    nodes = tuple(NodeEntry(name, given) for name, given in parameters.items())
    return Graph(nodes, paths.share() / "config" / "replay.yaml", "", _run(values))


def _values(arguments: Mapping[str, str], known: Sequence[Argument]) -> dict[str, bool | int | float | str]:
    names = [argument.name for argument in known]
    for name in arguments:
        if name not in names:
            raise UserError(f"There is no argument '{name}'. {nearest(name, names)}")
    return {argument.name: argument.value(arguments.get(argument.name, argument.default)) for argument in known}


def _run(values: Mapping[str, bool | int | float | str]) -> Path:
    return Path(values["runs"]).expanduser().absolute() / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")


def _instruction(task: str) -> str:
    if not task:
        return ""
    from unified_agent.sim import tasks

    return tasks.get(task).instruction
