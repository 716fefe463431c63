# SPDX-License-Identifier: Apache-2.0
import re

from unified_agent.recording.lerobot.layout import camera_names, plain_text


def test_a_camera_name_can_be_part_of_a_path_and_of_a_topic():
    names = ["left", "x/../..", "top.left", "0", "../../etc", "", "\n", "é" * 300, "a" * 300, "__a__b__"]
    found = camera_names(names)
    assert found[:4] == ("left", "x", "top_left", "camera_0")
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name) and len(name) < 80 for name in found)


def test_cameras_of_the_same_name_are_numbered():
    assert camera_names(["a/b", "a_b", "a.b"]) == ("a_b", "a_b_2", "a_b_3")


def test_a_text_is_one_line_that_can_be_written():
    assert plain_text("take\nthe  cup\x00\x1b[31m") == "take the cup [31m"
    assert len(plain_text("long " * 300_000)) <= 1000
    plain_text("\udcff broken").encode()
