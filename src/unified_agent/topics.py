# SPDX-License-Identifier: Apache-2.0
"""Names of the graph's topics, as they stand in its recordings: as they are without a namespace."""

INSTRUCTION = "/instruction"
PLAN = "/plan"
SUBGOAL = "/subgoal"
REACHED = "/subgoal/reached"
CAPTION = "/caption"
SCORES = "/caption/scores"
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


def camera_of(topic: str) -> str:
    """A short name for the camera behind an image topic: ``left`` for ``/camera/left/image_raw``."""
    parts = [part for part in topic.split("/") if part]
    names = [part for part in parts if part not in ("camera", "compressed") and not part.startswith("image")]
    return "/".join(names) or topic
