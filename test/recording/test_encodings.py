# SPDX-License-Identifier: Apache-2.0
"""A picture, red on the left and blue on the right, in every encoding that cameras use."""

from types import SimpleNamespace

import numpy as np
import pytest

from unified_agent.recording.encodings import ENCODINGS
from unified_agent.recording.images import frame_of

HEIGHT, WIDTH = 16, 24
RED, BLUE = (200, 40, 20), (30, 60, 210)
PICTURE = np.concatenate([np.full((HEIGHT, WIDTH // 2, 3), colour, np.uint8) for colour in (RED, BLUE)], axis=1)
R, G, B = (PICTURE[:, :, channel].astype(float) for channel in range(3))
# BT.601, as USB cameras send it.
Y = (16 + 0.257 * R + 0.504 * G + 0.098 * B).round().astype(np.uint8)
U = (128 - 0.148 * R - 0.291 * G + 0.439 * B).round().astype(np.uint8)
V = (128 + 0.439 * R - 0.368 * G - 0.071 * B).round().astype(np.uint8)
ALPHA = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)


def mosaic(tiles: str) -> np.ndarray:
    """One value a pixel; ``tiles`` are the colours of the upper left four, row by row."""
    data = np.empty((HEIGHT, WIDTH), np.uint8)
    for number, colour in enumerate(tiles):
        place = (slice(number // 2, None, 2), slice(number % 2, None, 2))
        data[place] = PICTURE[:, :, "rgb".index(colour)][place]
    return data


def packed(first: np.ndarray, odd: np.ndarray, third: np.ndarray, fourth: np.ndarray) -> np.ndarray:
    """Four bytes for two pixels."""
    return np.stack([first, odd, third, fourth], axis=-1).reshape(HEIGHT, 2 * WIDTH)


def planes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Brightness, then pairs at half the size."""
    return np.concatenate([Y, np.stack([first[::2, ::2], second[::2, ::2]], axis=-1).reshape(HEIGHT // 2, WIDTH)])


RGB, BGR = PICTURE, PICTURE[:, :, ::-1]
BYTES = {
    "rgb8": RGB,
    "bgr8": BGR,
    "8UC3": BGR,
    "rgba8": np.concatenate([RGB, ALPHA], axis=2),
    "bgra8": np.concatenate([BGR, ALPHA], axis=2),
    "8UC4": np.concatenate([BGR, ALPHA], axis=2),
    "yuv422_yuy2": packed(Y[:, ::2], U[:, ::2], Y[:, 1::2], V[:, ::2]),
    "yuyv": packed(Y[:, ::2], U[:, ::2], Y[:, 1::2], V[:, ::2]),
    "yuv422": packed(U[:, ::2], Y[:, ::2], V[:, ::2], Y[:, 1::2]),
    "uyvy": packed(U[:, ::2], Y[:, ::2], V[:, ::2], Y[:, 1::2]),
    "nv12": planes(U, V),
    "nv21": planes(V, U),
    "nv24": np.concatenate([Y, np.stack([U, V], axis=-1).reshape(2 * HEIGHT, WIDTH)]),
    **{f"bayer_{tiles}8": mosaic(tiles) for tiles in ("rggb", "bggr", "gbrg", "grbg")},
}
WIDE = {
    "rgb16": RGB,
    "bgr16": BGR,
    "rgba16": np.concatenate([RGB, ALPHA], axis=2),
    "bgra16": np.concatenate([BGR, ALPHA], axis=2),
    **{f"bayer_{tiles}16": mosaic(tiles) for tiles in ("rggb", "bggr", "gbrg", "grbg")},
}


def message(encoding: str, data: np.ndarray, padding: int = 0, big: int = 0) -> SimpleNamespace:
    rows = data.reshape(len(data), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    return SimpleNamespace(
        encoding=encoding,
        height=HEIGHT,
        width=WIDTH,
        step=rows.shape[1],
        is_bigendian=big,
        data=rows.tobytes(),
    )


def is_the_picture(frame: np.ndarray) -> bool:
    """Up to rounding, and but for the seam and the rim, where tiles have fewer neighbours."""
    inside = [slice(2, -2), slice(2, WIDTH // 2 - 2)], [slice(2, -2), slice(WIDTH // 2 + 2, -2)]
    off = [np.abs(frame[tuple(part)].astype(int) - PICTURE[tuple(part)]).max() for part in inside]
    return frame.shape == PICTURE.shape and frame.dtype == np.uint8 and max(off) <= 4


@pytest.mark.parametrize("padding", [0, 8])
@pytest.mark.parametrize("encoding", BYTES)
def test_colours_are_what_they_were(encoding, padding):
    assert is_the_picture(frame_of(message(encoding, BYTES[encoding], padding)))


@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize("encoding", WIDE)
def test_sixteen_bits_are_read_in_either_order(encoding, big):
    data = (WIDE[encoding].astype(np.uint16) * 256 + 7).astype(">u2" if big else "<u2").view(np.uint8)
    assert is_the_picture(frame_of(message(encoding, data, big=big)))


@pytest.mark.parametrize(("encoding", "order"), [("mono8", "u1"), ("8UC1", "u1"), ("mono16", "<u2"), ("mono16", ">u2")])
def test_grey_is_grey_in_all_three_channels(encoding, order):
    wide = order.endswith("2")
    data = (Y.astype(np.uint16) * (256 if wide else 1)).astype(order).view(np.uint8)
    frame = frame_of(message(encoding, data, big=order.startswith(">")))
    assert (frame == Y[:, :, None]).all()


def test_every_encoding_is_tried_here():
    assert {*BYTES, *WIDE, "mono8", "8UC1", "mono16"} == set(ENCODINGS)
