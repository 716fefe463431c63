# SPDX-License-Identifier: Apache-2.0
"""What cameras call their pixels, and the way from each to RGB."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

# A camera's frame is small, and the cores belong to CLIP.
cv2.setNumThreads(1)


@dataclass(frozen=True)
class Encoding:
    """How the bytes of an image are laid out, and what makes RGB of them.

    Attributes:
        channels: values of a pixel in a row.
        to_rgb: from uint8 (rows, W, channels) to uint8 RGB (H, W, 3).
        wide: whether a value has 16 bits; the upper 8 are taken.
        rows: rows of data for each row of the picture.
        even: whether width and height must be even.
        grey: whether it shows no colours.
    """

    channels: int
    to_rgb: Callable[[np.ndarray], np.ndarray]
    wide: bool = False
    rows: float = 1
    even: bool = False
    grey: bool = False


def _picked(*order: int) -> Callable[[np.ndarray], np.ndarray]:
    """These channels are red, green and blue."""
    if order == (0, 1, 2):
        return lambda pixels: pixels[:, :, :3]
    return lambda pixels: pixels[:, :, list(order)]


def _converted(code: int) -> Callable[[np.ndarray], np.ndarray]:
    """By OpenCV; its one-channel codes want no third axis."""
    return lambda pixels: cv2.cvtColor(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels), code)


def _nv24(pixels: np.ndarray) -> np.ndarray:
    """Brightness, then pairs of full-size colour differences; every fourth pair is what nv12 has."""
    total, width = pixels.shape[:2]
    height = total // 3
    pairs = pixels[height:].reshape(height, width, 2)[::2, ::2].reshape(height // 2, width)
    return cv2.cvtColor(np.concatenate([pixels[:height, :, 0], pairs]), cv2.COLOR_YUV2RGB_NV12)


_BGR, _RGB, _GREY = _picked(2, 1, 0), _picked(0, 1, 2), _picked(0, 0, 0)
_YUYV = Encoding(2, _converted(cv2.COLOR_YUV2RGB_YUY2), even=True)
_UYVY = Encoding(2, _converted(cv2.COLOR_YUV2RGB_UYVY), even=True)
_BAYER = {
    "rggb": cv2.COLOR_BayerRGGB2RGB,
    "bggr": cv2.COLOR_BayerBGGR2RGB,
    "gbrg": cv2.COLOR_BayerGBRG2RGB,
    "grbg": cv2.COLOR_BayerGRBG2RGB,
}
# By the names of sensor_msgs/image_encodings.hpp; those without a colour order (8UC3) are read as cv_bridge reads them.
ENCODINGS = {
    "rgb8": Encoding(3, _RGB),
    "bgr8": Encoding(3, _BGR),
    "rgba8": Encoding(4, _RGB),
    "bgra8": Encoding(4, _BGR),
    "8UC3": Encoding(3, _BGR),
    "8UC4": Encoding(4, _BGR),
    "rgb16": Encoding(3, _RGB, wide=True),
    "bgr16": Encoding(3, _BGR, wide=True),
    "rgba16": Encoding(4, _RGB, wide=True),
    "bgra16": Encoding(4, _BGR, wide=True),
    "mono8": Encoding(1, _GREY, grey=True),
    "8UC1": Encoding(1, _GREY, grey=True),
    "mono16": Encoding(1, _GREY, wide=True, grey=True),
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "nv12": Encoding(1, _converted(cv2.COLOR_YUV2RGB_NV12), rows=1.5, even=True),
    "nv21": Encoding(1, _converted(cv2.COLOR_YUV2RGB_NV21), rows=1.5, even=True),
    "nv24": Encoding(1, _nv24, rows=3, even=True),
    **{f"bayer_{tiles}8": Encoding(1, _converted(code), even=True) for tiles, code in _BAYER.items()},
    **{f"bayer_{tiles}16": Encoding(1, _converted(code), wide=True, even=True) for tiles, code in _BAYER.items()},
}
DEPTH = ("16UC1", "16SC1", "32FC1", "64FC1")
