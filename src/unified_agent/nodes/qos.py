# SPDX-License-Identifier: Apache-2.0
"""Every topic of the graph with its type and quality of service, chosen once.

Names are relative: a namespace and remappings move them as they move any node's. The exceptions are /clock and
/tf_static, which ROS itself knows by their full names.
"""

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from unified_agent import topics as names

CAMERAS = names.CAMERAS
BASE_FRAME = "base_link"
# By its full name, as tf2 knows it; in a namespace it is remapped, as /tf is.
TF_STATIC = "/tf_static"


def _keep_last(depth: int, latched: bool = False, reliable: bool = True) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


# Commands: none may be lost, and none may reach a node that starts after it was given.
COMMAND = _keep_last(10)
# Standing facts (the plan, the sub-goal): who comes late is told the newest. Subscribers ask for COMMAND, which takes
# both kinds of publisher; the policy so never acts on a plan that is older than itself.
FACT = _keep_last(1, latched=True)
# What happened to the episode: as FACT, but an end and the next start may follow each other at once, and both count.
STORY = _keep_last(10, latched=True)
# What is measured, many times a second: a second of it may wait while a machine is busy, and the recorder misses none.
STATE = _keep_last(100)
# Images: a 640x480 frame is larger than Fast DDS's default shared-memory segment and travels in fragments; best effort
# loses whole images with any fragment, reliable resends it. A best-effort subscriber still matches. Deep enough for the
# recorder to miss none when it is busy for a moment and time runs fast.
IMAGE = _keep_last(40)
# The captioner's end of it: only the newest frame is of use.
NEWEST = _keep_last(1)
# The policy's end of the joint states, which may come in parts that follow each other at once.
PARTS = _keep_last(10)
# The recorder's end of images: room for bursts while a chunk is being compressed.
RECORDED = _keep_last(200)
# And of everything else, which is small: twenty seconds of joint states on a machine that is busy with other things.
RECORDED_SMALL = _keep_last(2000)
# What rclpy itself listens to /clock with.
CLOCK = _keep_last(1, reliable=False)


@dataclass(frozen=True)
class Topic:
    """A topic as its publisher offers it.

    Attributes:
        name: relative; what a node's namespace and remappings make of it says `Node.resolve_topic_name`.
    """

    name: str
    type: type
    qos: QoSProfile

    @property
    def recorded(self) -> str:
        """The name in recordings: as without a namespace, so that every tool reads every agent's."""
        return self.name if self.name.startswith("/") else f"/{self.name}"

    @property
    def type_name(self) -> str:
        """Such as ``std_msgs/msg/String``."""
        package, _, _ = self.type.__module__.split(".")
        return f"{package}/msg/{self.type.__name__}"


def _relative(recorded: str) -> str:
    return recorded.removeprefix("/")


INSTRUCTION = Topic(_relative(names.INSTRUCTION), String, COMMAND)
PLAN = Topic(_relative(names.PLAN), String, FACT)
SUBGOAL = Topic(_relative(names.SUBGOAL), String, FACT)
REACHED = Topic(_relative(names.REACHED), String, COMMAND)
CAPTION = Topic(_relative(names.CAPTION), String, COMMAND)
SCORES = Topic(_relative(names.SCORES), DiagnosticArray, COMMAND)
REWARD = Topic(_relative(names.REWARD), DiagnosticArray, COMMAND)
OBJECTS = Topic(_relative(names.OBJECTS), MarkerArray, STATE)
JOINT_STATES = Topic(_relative(names.JOINT_STATES), JointState, STATE)
EPISODE = Topic(_relative(names.EPISODE), String, STORY)
DIAGNOSTICS = Topic(_relative(names.DIAGNOSTICS), DiagnosticArray, COMMAND)
ROBOT_DESCRIPTION = Topic(_relative(names.ROBOT_DESCRIPTION), String, FACT)
CLOCK_TOPIC = Topic(names.CLOCK, Clock, STATE)


def optical_frame(camera: str) -> str:
    """The frame of a camera's images: x right, y down, z forward (REP 103)."""
    return f"{camera}_optical_frame"


def image(camera: str) -> Topic:
    """The frames of a camera."""
    return Topic(_relative(names.image(camera)), Image, IMAGE)


def compressed_image(camera: str) -> Topic:
    """The same frames as JPEG or PNG: what the drivers of many cameras send."""
    return Topic(_relative(names.compressed_image(camera)), CompressedImage, IMAGE)


def camera_info(camera: str) -> Topic:
    """The intrinsics of a camera, stamped as its frames are."""
    return Topic(_relative(names.camera_info(camera)), CameraInfo, IMAGE)


def trajectory(name: str) -> Topic:
    """A controller's command topic, named in the arm's YAML file."""
    return Topic(name, JointTrajectory, COMMAND)


def recorded(trajectories: tuple[str, ...], cameras: tuple[str, ...] = CAMERAS) -> list[Topic]:
    """Every topic of the graph.

    Args:
        trajectories: names of the arm's controller topics.
        cameras: names of the cameras.
    """
    fixed = [
        INSTRUCTION,
        PLAN,
        SUBGOAL,
        REACHED,
        CAPTION,
        SCORES,
        REWARD,
        OBJECTS,
        JOINT_STATES,
        EPISODE,
        DIAGNOSTICS,
        CLOCK_TOPIC,
    ]
    seen = [topic for camera in cameras for topic in (image(camera), camera_info(camera))]
    return [*fixed, *seen, *map(trajectory, trajectories)]
