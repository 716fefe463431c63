# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.robot.arm import Arm
from unified_agent.training.policy import practice


def practise(arm, states, seed, folder):
    with OwnFolder.claim(folder, "policy training", {}) as own:
        return practice.practise(arm, states, seed, own)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(practice, "CHUNK", 6)


def test_every_state_is_labelled_for_the_whole_vocabulary_inside_the_basket(tmp_path):
    data = practise("fr3", 6, 0, tmp_path)
    assert len(data) == 6 * len(VOCABULARY)
    assert set(data.sentences) == {goal.sentence for goal in VOCABULARY}
    x_min, x_max, y_min, y_max = Arm.load("fr3").basket
    assert (data.actions >= [x_min, y_min]).all()
    assert (data.actions <= [x_max, y_max]).all()


def test_finished_chunks_are_kept_and_the_seed_gives_the_same_data(tmp_path):
    first = practise("fr3", 6, 3, tmp_path)
    kept = next(tmp_path.rglob("*.npz")).stat().st_mtime_ns
    longer = practise("fr3", 12, 3, tmp_path)
    assert next(tmp_path.rglob("*0000.npz")).stat().st_mtime_ns == kept
    assert np.array_equal(longer.actions[: len(first)], first.actions)
    again = practise("fr3", 6, 3, tmp_path / "again")
    assert np.array_equal(again.objects, first.objects)


def test_no_states_to_practise_in_is_refused(tmp_path):
    with pytest.raises(UserError, match="must be 1 to"):
        practise("fr3", 0, 0, tmp_path)
