# SPDX-License-Identifier: Apache-2.0
"""RGB frames of recorded images, raw and compressed."""

import io

import numpy as np
from PIL import Image as Picture

from unified_agent.recording.cdr import BadMessage, TopicInfo

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
TYPES = (IMAGE, COMPRESSED_IMAGE)
# Encoding -> channels of a pixel, and which of them are red, green and blue.
ENCODINGS = {
    "rgb8": (3, [0, 1, 2]),
    "bgr8": (3, [2, 1, 0]),
    "rgba8": (4, [0, 1, 2]),
    "bgra8": (4, [2, 1, 0]),
}
_FILE_FORMATS = ("JPEG", "PNG")


def is_image(topic: TopicInfo) -> bool:
    """Whether frames can be had from a topic."""
    return topic.type in TYPES


def frame_of(image) -> np.ndarray:
    """The RGB frame of a sensor_msgs Image, uint8, shape (H, W, 3).

    Args:
        image: rclpy's message, or one read from a bag.

    Raises:
        BadMessage: an encoding that is no 8-bit colour, an empty image, or data of the wrong length.
    """
    if image.encoding not in ENCODINGS:
        why = " A grey image cannot show which object is red." if image.encoding.startswith("mono") else ""
        raise BadMessage(
            f"Expected an image encoded as rgb8 or bgr8 (or rgba8, bgra8), not '{image.encoding[:20]}'.{why}"
        )
    channels, order = ENCODINGS[image.encoding]
    height, width, step = image.height, image.width, image.step
    if height == 0 or width == 0 or step < channels * width or len(image.data) != height * step:
        raise BadMessage(
            f"Expected {height} rows of at least {channels * width} bytes for a {width}x{height} image, not "
            f"{len(image.data)} bytes in rows of {step}."
        )
    rows = np.frombuffer(image.data, np.uint8).reshape(height, step)
    pixels = rows[:, : channels * width].reshape(height, width, channels)
    return pixels if channels == 3 and order == [0, 1, 2] else pixels[:, :, order]


def decompressed(image) -> np.ndarray:
    """The RGB frame of a sensor_msgs CompressedImage (JPEG or PNG), uint8, shape (H, W, 3).

    Raises:
        BadMessage: bytes that are no whole JPEG or PNG.
    """
    try:
        with Picture.open(io.BytesIO(bytes(image.data)), formats=_FILE_FORMATS) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        raise BadMessage(f"A compressed image ('{image.format[:40]}') is no whole JPEG or PNG: {error}") from None


def compressed(frame: np.ndarray, file_format: str, quality: int = 90) -> bytes:
    """A frame (uint8 RGB, (H, W, 3)) as the bytes of a ``jpeg`` or ``png`` file; ``quality`` is JPEG's."""
    stream = io.BytesIO()
    options = {"quality": quality} if file_format == "jpeg" else {"compress_level": 1}
    Picture.fromarray(frame).save(stream, file_format.upper(), **options)
    return stream.getvalue()


def any_frame(topic: TopicInfo, image) -> np.ndarray:
    """The RGB frame of a message of either image type, uint8, shape (H, W, 3).

    Raises:
        BadMessage: see `frame_of` and `decompressed`; or a topic of another type.
    """
    if not is_image(topic):
        raise BadMessage(f"Topic {topic.name} has the type {topic.type}: expected {' or '.join(TYPES)}.")
    return decompressed(image) if topic.type == COMPRESSED_IMAGE else frame_of(image)
