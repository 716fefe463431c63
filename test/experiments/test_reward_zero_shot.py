# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions, reward_zero_shot
from unified_agent.training.eyes.domains import load, moments, syllabus


@pytest.fixture(autouse=True)
def small(monkeypatch, tiny_architecture):
    monkeypatch.setattr(syllabus, "ARCHITECTURE", tiny_architecture)
    monkeypatch.setattr(moments, "MOMENTS_A_SHARD", 40)
    for name, few in (("QUICK_MOMENTS", 40), ("QUICK_TESTED", 40)):
        monkeypatch.setattr(reward_zero_shot, name, few)


def test_every_protocol_is_asked_about_both_worlds(tmp_path):
    result = reward_zero_shot.run(tmp_path, Conditions(seeds=1, quick=True))
    told = reward_zero_shot.tell(result).splitlines()
    assert len(told) == 2 + 2 * (2 + 2 + 1)
    assert "the pole leans slightly to the left' + 'the pole leans slightly to the right" in "\n".join(told)
    reward_zero_shot.draw(result, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_a_training_that_holds_what_it_withholds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reward_zero_shot, "_shown", lambda protocol, wanted: load(wanted.domain))
    with pytest.raises(UserError, match=r"protocol 'sentence' leaks: 'the pole stands upright' says"):
        reward_zero_shot.run(tmp_path, Conditions(seeds=1, quick=True))
