# SPDX-License-Identifier: Apache-2.0
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from unified_agent.bench.recorder import crash_profile, recorder_profile


def test_what_was_sent_is_counted_against_what_was_recorded():
    figures = recorder_profile(seconds=1.0)
    assert figures["sent"] > 0
    assert figures["recorded"] + figures["lost"] == figures["sent"]


def test_a_killed_recorder_leaves_a_readable_bag():
    assert crash_profile(times=1)["readable"] == 1
