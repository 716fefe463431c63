# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.topics import camera_of, compressed_image, image


@pytest.mark.parametrize(
    ("topic", "camera"),
    [
        (image("left"), "left"),
        (compressed_image("right"), "right"),
        ("/front/color/image_rect", "front/color"),
        ("/image", "/image"),
    ],
)
def test_a_camera_has_a_short_name(topic, camera):
    assert camera_of(topic) == camera
