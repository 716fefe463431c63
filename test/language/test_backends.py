# SPDX-License-Identifier: Apache-2.0
import shutil

import pytest

from unified_agent.errors import UserError
from unified_agent.language import backends
from unified_agent.language.planner import write
from unified_agent.language.refusal import REASONS
from unified_agent.language.subgoals import VOCABULARY

KNOWN = {goal.sentence for goal in VOCABULARY} | {line for line, _ in REASONS.values()} | {"end"}


@pytest.mark.parametrize("folder", ["causal_folder", "t5_folder"])
def test_any_model_of_a_folder_writes_only_known_lines(folder, request):
    lines = write(backends.load(f"hf:{request.getfixturevalue(folder)}"), "stack the red object on the blue object")
    assert lines
    assert set(lines) <= KNOWN


@pytest.mark.parametrize("folder", ["causal_folder", "t5_folder"])
def test_writing_piece_by_piece_scores_as_the_whole_text_at_once(folder, request):
    backend = backends.load(f"hf:{request.getfixturevalue(folder)}")
    tokens = backend.grammar.tokens([VOCABULARY[0].sentence])
    session = backend.begin("pick up red")
    session.scores([])
    session.scores(tokens[:3])
    assert session.scores(tokens[3:]) == pytest.approx(backend.begin("pick up red").scores(tokens), abs=1e-4)


def test_the_instruction_changes_what_a_model_scores(causal_folder):
    backend = backends.load(f"hf:{causal_folder}")
    assert backend.begin("pick up red").scores([]) != backend.begin("stack all three").scores([])


@pytest.mark.parametrize(
    ("spec", "device", "why"),
    [
        ("smolm2", "cpu", "Did you mean 'smollm2'"),
        ("hf:", "cpu", "is no planner"),
        ("smollm2", "tpu9", "Unknown device"),
        ("smollm2", "cuda", "torch sees no GPU"),
    ],
)
def test_a_wrong_name_or_device_is_named(spec, device, why, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match=why):
        backends.load(spec, device)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot be loaded"):
        backends.load(f"hf:{tmp_path}")


def test_pickled_weights_are_not_read(causal, tokenizer, tmp_path):
    import torch

    tokenizer.save_pretrained(tmp_path)
    causal.config.save_pretrained(tmp_path)
    torch.save(causal.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match="cannot be loaded"):
        backends.load(f"hf:{tmp_path}")


def test_a_damaged_adapter_is_named(tokenizer, causal, tmp_path, monkeypatch):
    monkeypatch.setattr(backends.smollm2, "load", lambda: (tokenizer, causal))
    with pytest.raises(UserError, match="train-planner"):
        backends.Tuned.load(tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"not weights")
    with pytest.raises(UserError, match="cannot be read"):
        backends.Tuned.load(tmp_path)


def test_a_model_that_lacks_weights_is_named(causal_folder, tmp_path):
    shutil.copytree(causal_folder, tmp_path / "model")
    path = tmp_path / "model" / "config.json"
    path.write_text(path.read_text().replace('"tie_word_embeddings": true', '"tie_word_embeddings": false'))
    with pytest.raises(UserError, match=r"lack lm_head\.weight"):
        backends.load(f"hf:{tmp_path / 'model'}", "cpu")
