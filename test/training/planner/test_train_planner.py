# SPDX-License-Identifier: Apache-2.0
import copy
import json

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
