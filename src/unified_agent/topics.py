# SPDX-License-Identifier: Apache-2.0
"""Names of the graph's topics, as they stand in its recordings: as they are without a namespace."""

import re
from collections.abc import Sequence

INSTRUCTION = "/instruction"
PLAN = "/plan"
SUBGOAL = "/subgoal"
REACHED = "/subgoal/reached"
CAPTION = "/caption"
SCORES = "/caption/scores"
REWARD = "/reward"
OBJECTS = "/objects"
JOINT_STATES = "/joint_states"
EPISODE = "/episode"
DIAGNOSTICS = "/diagnostics"
CLOCK = "/clock"
ROBOT_DESCRIPTION = "/robot_description"
CAMERAS = ("left", "right")


def image(camera: str) -> str:
    """The frames of a camera."""
    return f"/camera/{camera}/image_raw"


def compressed_image(camera: str) -> str:
    """The same frames as JPEG or PNG, named as image_transport names them."""
    return f"{image(camera)}/compressed"


def camera_info(camera: str) -> str:
    """The intrinsics of a camera."""
    return f"/camera/{camera}/camera_info"


# The last words of image topics by which image_transport and image_proc tell one camera's pictures apart.
_TRANSPORT = re.compile(r"compressed|compressedDepth|theora|ffmpeg|ffv1|zstd|h26[45]|hevc|av1|video")
_PICTURE = re.compile(r"image(_(raw|rect|color|colour|mono|rgb|bgr))*")


def camera_of(topic: str) -> str:
    """A short name for the camera behind an image topic: ``left`` for ``/camera/left/image_raw``."""
    parts = [part for part in base_of(topic).split("/") if part]
    names = [part for part in parts if part != "camera" and not _PICTURE.fullmatch(part)]
    return "/".join(names) or topic


def cameras_of(topics: Sequence[str]) -> list[str]:
    """`camera_of` of each; the whole topic instead where two would be called the same."""
    short = [camera_of(topic) for topic in topics]
    return [name if short.count(name) == 1 else topic for name, topic in zip(short, topics, strict=True)]


def base_of(topic: str) -> str:
    """What the topics of one camera have in common: ``/camera/left`` for ``/camera/left/image_raw/compressed``."""
    parts = topic.split("/")
    while len(parts) > 2 and _TRANSPORT.fullmatch(parts[-1]):
        parts.pop()
    if _PICTURE.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)
