# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.recording.bag import topic_info
from unified_agent.recording.cdr import NANO, BadMessage, Decoder
from unified_agent.recording.limits import DEFAULT
from unified_agent.recording.rewards import TYPE, encoded, rewards_of
from unified_agent.vision.judging import Judgement


def decoded(judgement):
    topic = topic_info("/reward", TYPE)
    return Decoder(DEFAULT).decode(topic, encoded(12 * NANO + 5, "a cat", judgement))


def test_what_is_written_is_read_with_its_stamp_and_its_doubts():
    message = decoded(Judgement(0.25, 0.2, 0.3, calibrated=False, familiar=False))
    assert rewards_of(message) == {"a cat": 0.25}
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (12, 5)
    [status] = message.status
    values = {entry.key: entry.value for entry in status.values}
    assert (values["over"], values["calibrated"], values["familiar"]) == ("false", "false", "false")


def test_a_reward_that_is_no_number_is_refused():
    with pytest.raises(BadMessage, match="not finite"):
        rewards_of(decoded(Judgement(float("nan"), 0.2, 0.3)))
