# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import numpy as np
import pytest

from unified_agent.recording.cdr import BadMessage, Decoder, TopicInfo
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE, any_frame, frame_of

from .conftest import compressed_image, image, noise


def decoded(data: bytes, kind: str):
    topic = TopicInfo("/camera", kind)
    return any_frame(topic, Decoder().decode(topic, data))


@pytest.mark.parametrize(("encoding", "order"), [("rgb8", [0, 1, 2]), ("bgr8", [2, 1, 0])])
def test_colours_keep_their_places(encoding, order):
    assert (decoded(image(1.0, noise(1)[:, :, order], encoding), IMAGE) == noise(1)).all()


@pytest.mark.parametrize(("encoding", "order"), [("rgba8", [0, 1, 2]), ("bgra8", [2, 1, 0])])
def test_a_fourth_channel_is_left_out(encoding, order):
    pixels = np.concatenate([noise(1)[:, :, order], np.full((32, 32, 1), 255, np.uint8)], axis=2)
    assert (decoded(image(1.0, pixels, encoding), IMAGE) == noise(1)).all()


def test_png_is_exact_and_jpeg_is_close():
    smooth = np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[:, None, None], (1, 32, 3))
    assert (decoded(compressed_image(1.0, smooth, "png"), COMPRESSED_IMAGE) == smooth).all()
    jpeg = decoded(compressed_image(1.0, smooth, "jpeg"), COMPRESSED_IMAGE)
    assert np.abs(jpeg.astype(int) - smooth).max() < 8


def test_half_a_jpeg_is_refused():
    broken = SimpleNamespace(data=np.zeros(99, np.uint8), format="jpeg")
    with pytest.raises(BadMessage, match="no whole JPEG or PNG"):
        any_frame(TopicInfo("/camera", COMPRESSED_IMAGE), broken)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"encoding": "mono8"}, "grey"),
        ({"encoding": "16UC1"}, "16UC1"),
        ({"data": b"123"}, "3 bytes"),
        ({"height": 0}, "32x0"),
        ({"step": 5}, "rows of 5"),
    ],
)
def test_an_image_that_contradicts_itself_is_refused(changes, why):
    whole = {"encoding": "rgb8", "height": 32, "width": 32, "step": 96, "data": bytes(32 * 96)}
    with pytest.raises(BadMessage, match=why):
        frame_of(SimpleNamespace(**(whole | changes)))


def test_a_topic_without_images_is_refused():
    with pytest.raises(BadMessage, match="std_msgs/msg/String"):
        any_frame(TopicInfo("/word", "std_msgs/msg/String"), None)
