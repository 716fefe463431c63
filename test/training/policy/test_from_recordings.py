# SPDX-License-Identifier: Apache-2.0
"""From made-up recordings (see conftest.py) to a checkpoint."""

import json

import numpy as np
import pytest
import torch

from unified_agent.cli import main
from unified_agent.errors import UserError
from unified_agent.folders import FolderError
from unified_agent.policy.checkpoint import Policy
from unified_agent.recording.reader import NoBag
from unified_agent.training.policy import from_recordings
from unified_agent.training.policy.from_recordings import FromRecordings, TeachingSettings
from unified_agent.training.policy.learner import Learner
from unified_agent.training.policy.sources import find_sources

GRASPED, PUT = "the robot is grasping the red object", "the red object is on the table"
SETTINGS = TeachingSettings(steps=4, batch=8)


def teach(sources, eyes, out, settings=SETTINGS) -> dict:
    with FromRecordings(settings, sources, eyes, out) as teaching:
        return teaching.train(teaching.read())


def weights(folder) -> np.ndarray:
    return torch.cat([p.flatten() for p in Policy.load(str(folder)).network.parameters()]).detach().numpy()


def test_a_bag_becomes_a_checkpoint_that_says_what_taught_it(tmp_path, record, eyes):
    record(tmp_path / "runs" / "a")
    card = teach(find_sources([tmp_path / "runs"]), eyes, tmp_path / "out")
    told = Policy.load(str(tmp_path / "out" / "policy")).card
    assert told["demonstrations"] == card["demonstrations"]
    assert (told["demonstrations"][GRASPED], told["demonstrations"][PUT]) == (1, 1)
    assert told["demonstrations"]["the blue object is on the table"] == 0
    assert (told["clip"]["fingerprint"], told["recordings"]["used"], told["arm"]) == ("fake", 1, "fr3")
    assert (tmp_path / "out" / "demonstrations.png").stat().st_size > 1000


def test_an_exported_dataset_teaches_the_same(tmp_path, record, eyes):
    bag = record(tmp_path / "bag")
    assert main(["export", str(bag), "--out", str(tmp_path / "set"), "--task", "tidy up"]) == 0
    [source] = find_sources([tmp_path / "set"])
    card = teach([source], eyes, tmp_path / "out")
    assert (card["demonstrations"][GRASPED], card["demonstrations"][PUT]) == (1, 1)


def test_recordings_that_teach_nothing_are_listed_with_the_reason(tmp_path, record, eyes):
    record(tmp_path / "runs" / "good")
    record(tmp_path / "runs" / "theirs", without=["/objects"])
    with FromRecordings(SETTINGS, find_sources([tmp_path / "runs"]), eyes, tmp_path / "out") as teaching:
        [_, theirs] = teaching.read()
    assert "red, green, blue" in theirs.left_out
    listed = json.loads((tmp_path / "out" / "recordings.json").read_text())
    assert [bool(account["left_out"]) for account in listed] == [False, True]


def test_a_broken_dataset_is_left_out_with_the_reason(tmp_path, record, eyes):
    record(tmp_path / "runs" / "good")
    (tmp_path / "runs" / "set" / "meta").mkdir(parents=True)
    (tmp_path / "runs" / "set" / "meta" / "info.json").write_text("{}")
    with FromRecordings(SETTINGS, find_sources([tmp_path / "runs"]), eyes, tmp_path / "out") as teaching:
        left_out = {account.name: account.left_out for account in teaching.read() if account.left_out}
    assert "meta/info.json" in left_out[f"{tmp_path}/runs/set, episode 0"]


def test_what_was_read_is_not_read_again_and_a_cut_off_training_ends_with_the_same_weights(
    tmp_path, record, eyes, monkeypatch
):
    record(tmp_path / "bag")
    sources = find_sources([tmp_path / "bag"])
    monkeypatch.setattr(from_recordings, "_SAVED_EVERY", 2)
    teach(sources, eyes, tmp_path / "whole")
    looked = eyes.looked
    with FromRecordings(SETTINGS, sources, eyes, tmp_path / "cut") as teaching:
        accounts = teaching.read()
        with monkeypatch.context() as patched:
            patched.setattr(Learner, "update", _update_once_then_stop(Learner.update))
            with pytest.raises(KeyboardInterrupt):
                teaching.train(accounts)
    teach(sources, eyes, tmp_path / "cut")
    assert eyes.looked == 2 * looked
    np.testing.assert_allclose(weights(tmp_path / "cut" / "policy"), weights(tmp_path / "whole" / "policy"), atol=1e-6)


def _update_once_then_stop(update):
    def updating(learner, *arguments, **options):
        if options["first"]:
            raise KeyboardInterrupt
        return update(learner, *arguments, **options)

    return updating


def test_a_broken_note_of_a_recording_is_made_again_and_a_broken_state_is_told(tmp_path, record, eyes):
    record(tmp_path / "bag")
    sources = find_sources([tmp_path / "bag"])
    teach(sources, eyes, tmp_path / "out")
    (tmp_path / "out" / "work" / "000000.json").write_text('{"name": "a", "demonstrations": {"b": "c"}}')
    (tmp_path / "out" / "work" / "progress.pt").write_bytes(b"no state")
    with FromRecordings(SETTINGS, sources, eyes, tmp_path / "out") as teaching:
        accounts = teaching.read()
        assert accounts[0].demonstrations == {GRASPED: 1, PUT: 1}
        with pytest.raises(UserError, match=r"progress.pt cannot be read"):
            teaching.train(accounts)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"seed": -1}, {"seed": 2**63}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        TeachingSettings(**wrong)


@pytest.mark.parametrize("other", [{"steps": 5}, {"seed": 1}, {"sentences": (PUT,)}])
def test_other_settings_in_the_same_folder_are_refused(tmp_path, record, eyes, other):
    record(tmp_path / "bag")
    sources = find_sources([tmp_path / "bag"])
    FromRecordings(SETTINGS, sources, eyes, tmp_path / "out").__exit__()
    with pytest.raises(FolderError, match=next(iter(other))):
        FromRecordings(TeachingSettings(**{"steps": 4, "batch": 8} | other), sources, eyes, tmp_path / "out")


def test_another_recording_or_another_clip_is_refused_as_well(tmp_path, record, eyes):
    record(tmp_path / "runs" / "a")
    FromRecordings(SETTINGS, find_sources([tmp_path / "runs"]), eyes, tmp_path / "out").__exit__()
    record(tmp_path / "runs" / "b")
    with pytest.raises(FolderError, match="recordings was .1, .* is .2, "):
        FromRecordings(SETTINGS, find_sources([tmp_path / "runs"]), eyes, tmp_path / "out")


def test_only_the_sentences_asked_for_are_learnt(tmp_path, record, eyes):
    record(tmp_path / "bag")
    settings = TeachingSettings(steps=2, batch=8, sentences=(f"{PUT}.",))
    assert teach(find_sources([tmp_path / "bag"]), eyes, tmp_path / "out", settings)["demonstrations"] == {PUT: 1}


def test_a_sentence_outside_the_vocabulary_is_refused():
    with pytest.raises(UserError, match="no sub-goal"):
        TeachingSettings(sentences=("the red object is lost",))


def test_the_output_may_not_lie_in_a_recording(tmp_path, record, eyes):
    bag = record(tmp_path / "bag")
    with pytest.raises(FolderError, match="what is read"):
        FromRecordings(SETTINGS, find_sources([bag]), eyes, bag / "out")


def test_a_folder_without_recordings_is_named(tmp_path):
    with pytest.raises(NoBag, match=r"neither a recording nor a LeRobot dataset"):
        find_sources([tmp_path])
