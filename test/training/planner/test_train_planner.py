# SPDX-License-Identifier: Apache-2.0
import copy
import json
from dataclasses import replace

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from unified_agent.errors import UserError
from unified_agent.language import backends, smollm2
from unified_agent.language.grammar import Grammar
from unified_agent.language.planner import write
from unified_agent.training.planner import train_planner
from unified_agent.training.planner.train_planner import Encoded, PlannerSettings, average, encode, exact, train
from unified_agent.training.planner.wordings import Example

EASY = [Example("red!", moves="red"), Example("blue!", moves="blue/table"), Example("joke?", reason="chat")]


@pytest.fixture(scope="module")
def tiny():
    learner = ByteLevelBPETokenizer()
    learner.train_from_iterator(["the robot is grasping the red green blue object on top of"], vocab_size=300)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=learner._tokenizer)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=320,
        hidden_size=48,
        intermediate_size=96,
        initializer_range=0.3,
        num_hidden_layers=2,
        num_attention_heads=3,
    )
    return tokenizer, LlamaForCausalLM(config)


@pytest.fixture(scope="module")
def easy(tiny):
    """The trainer with a tiny model and three examples, and its settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smollm2, "load", lambda: (tiny[0], copy.deepcopy(tiny[1])))
        patch.setattr(train_planner, "example", lambda rng: rng.choice(EASY))
        yield PlannerSettings(examples=320, batch=8, rate=1e-2, warmup=3, rank=8, first_layer=0)


@pytest.fixture(scope="module")
def trained(easy, tmp_path_factory):
    """(folder, card, reports) of a finished training."""
    folder, reports = tmp_path_factory.mktemp("adapter"), []
    return folder, train(easy, folder, report=reports.append, every=10), reports


def test_training_learns_and_its_adapter_writes_what_was_learnt(trained):
    folder, card, reports = trained
    assert card["loss"] < 0.05
    assert card["examples"] == 320
    assert len(reports) == 4
    backend = backends.Tuned.load(folder)
    assert write(backend, "red!") == ["the robot is grasping the red object", "end"]
    assert write(backend, "joke?") == ["refused: not a request"]


def test_an_adapter_holds_no_path_of_the_machine_it_was_made_on(trained):
    assert "/" not in json.loads((trained[0] / "adapter_config.json").read_text())["base_model_name_or_path"]


def test_the_mean_of_an_adapter_with_itself_is_that_adapter(trained, tmp_path):
    card = average([trained[0], trained[0]], tmp_path)
    assert len(card["mean_of"]) == 2
    assert write(backends.Tuned.load(tmp_path), "red!") == ["the robot is grasping the red object", "end"]
    with pytest.raises(UserError, match="cannot be averaged"):
        average([trained[0], tmp_path / "nothing"], tmp_path)


def test_an_interrupted_training_ends_as_an_uninterrupted_one(easy, trained, tmp_path):
    class Stop(Exception):
        pass

    def interrupt(line):
        if line.startswith("step 20/"):
            raise Stop

    with pytest.raises(Stop):
        train(easy, tmp_path, report=interrupt, every=10)
    resumed = train(easy, tmp_path, report=lambda _: None, every=10)
    assert resumed["loss"] == pytest.approx(trained[1]["loss"], rel=0.1)


def test_a_finished_training_is_not_made_again_and_its_card_is_returned(easy, trained):
    reports = []
    assert train(easy, trained[0], report=reports.append) == trained[1]
    assert reports == ["resumed at step 40 of 40"]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seed": 1}, "seed was 0 and is 1 now"),
        ({"examples": 160}, "examples was 320 and is 160"),
        ({"rank": 4}, "rank"),
    ],
)
def test_another_training_in_the_same_folder_is_refused(easy, trained, changes, difference):
    before = (trained[0] / "card.json").read_bytes()
    with pytest.raises(UserError, match=difference):
        train(replace(easy, **changes), trained[0], report=lambda _: None)
    assert (trained[0] / "card.json").read_bytes() == before


def test_beginning_afresh_takes_other_settings(easy, tmp_path):
    for rank in (2, 4):
        card = train(replace(easy, rank=rank, examples=8), tmp_path, lambda _: None, resume=False)
        assert card["made_with"]["rank"] == rank


def test_an_adapter_to_start_from_that_does_not_fit_is_refused(easy, trained, tmp_path):
    with pytest.raises(UserError, match="does not fit"):
        train(replace(easy, rank=2, examples=8), tmp_path / "a", lambda _: None, start_from=trained[0])
    with pytest.raises(UserError, match="what is read"):
        train(replace(easy, examples=8), trained[0] / "new", lambda _: None, start_from=trained[0])


@pytest.mark.parametrize("wrong", [{"examples": 3}, {"batch": 1}, {"rate": float("nan")}, {"seed": -1}, {"rank": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError):
        PlannerSettings(**wrong)


def test_only_real_choices_are_learnt(tiny):
    grammar = Grammar(lambda text: tiny[0].encode(text, add_special_tokens=False))
    item = encode(EASY[0], tiny[0], grammar)
    assert isinstance(item, Encoded)
    assert all(len(allowed) > 1 and right in allowed for _, right, allowed in item.choices)
    assert len(item.choices) < len(grammar.tokens(["the robot is grasping the red object", "end"]))


def test_exact_agrees_with_writing_greedily(tiny, trained):
    backend = backends.Tuned.load(trained[0])
    items = [*EASY, Example("red!", moves="green"), Example("joke?", moves="red")]
    whole, first = exact(backend._model, [encode(item, tiny[0], backend.grammar) for item in items])
    assert whole == [True, True, True, False, False]
    assert first == [True, True, True, True, False]
