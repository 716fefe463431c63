# SPDX-License-Identifier: Apache-2.0
import json
import shutil

import pytest

from unified_agent.errors import UserError
from unified_agent.language import backends, model_folder


@pytest.fixture
def own(causal_folder, tmp_path):
    """A model of its own to spoil, and where a canary would leave its trace."""
    folder = tmp_path / "model"
    shutil.copytree(causal_folder, folder)
    return folder, tmp_path / "code_was_run"


def write(path, **said):
    path.write_text(json.dumps({**(json.loads(path.read_text()) if path.is_file() else {}), **said}))


def plant(folder, trace, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(f"import pathlib\npathlib.Path({str(trace)!r}).touch()\nclass Evil:\n    pass\n")


@pytest.mark.parametrize("name", ["modeling_evil.py", "tokenization_evil.py", "custom_generate/generate.py"])
def test_a_model_of_its_own_code_is_refused_by_name_and_not_run(own, name):
    folder, trace = own
    plant(folder, trace, name)
    write(
        folder / "config.json",
        auto_map={"AutoConfig": "modeling_evil.Evil", "AutoModelForCausalLM": "modeling_evil.Evil"},
    )
    write(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["tokenization_evil.Evil", None]})
    with pytest.raises(UserError, match=f"{name} is code beside weights"):
        backends.load(f"hf:{folder}")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("file", "said", "why"),
    [
        ("config.json", {"auto_map": {"AutoConfig": "somebody/theirs--evil.Evil"}}, "'auto_map'"),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["evil.Evil", None]}}, "'auto_map'"),
        ("tokenizer_config.json", {"init_inputs": ["/etc/passwd"]}, "'init_inputs' must be empty"),
        ("tokenizer_config.json", {"tokenizer_class": "os.system"}, "'tokenizer_class' must be"),
        ("generation_config.json", {"custom_generate": "somebody/theirs"}, "'custom_generate'"),
        ("config.json", {"_attn_implementation": "somebody/kernel"}, "'_attn_implementation'"),
        ("config.json", {"quantization_config": {"quant_method": "evil"}}, "'quantization_config'"),
        ("config.json", {"num_hidden_layers": 10**9}, "'num_hidden_layers' must be at most"),
        ("config.json", {"num_labels": 10**9}, "'num_labels' must be at most"),
        ("config.json", {"hidden_size": 8192, "num_hidden_layers": 2}, "do not belong together"),
        ("config.json", {"max_position_embeddings": 10**12}, "'max_position_embeddings' must be at most"),
        ("config.json", {"rms_norm_eps": float("nan")}, "'rms_norm_eps' must be a finite number"),
        ("adapter_config.json", {"base_model_name_or_path": "somebody/theirs"}, "give a whole model"),
    ],
)
def test_a_folder_is_checked_before_anything_is_built(own, file, said, why):
    folder, _ = own
    write(folder / file, **said)
    with pytest.raises(UserError, match=why):
        backends.load(f"hf:{folder}")


@pytest.mark.parametrize(
    ("normalizer", "why"),
    [
        ({"type": "Replace", "pattern": {"Regex": "(a|a)*b"}, "content": ""}, "may never end"),
        ({"type": "Replace", "pattern": {"Regex": "(\\w+\\s?)+$"}, "content": ""}, "may never end"),
        ({"type": "Sequence", "normalizers": [{"pattern": {"String": "a"}, "content": "a" * 9}] * 9}, "times as long"),
    ],
)
def test_a_tokenizer_that_may_never_end_or_fills_the_memory_is_refused(own, normalizer, why):
    folder, _ = own
    write(folder / "tokenizer.json", normalizer=normalizer)
    with pytest.raises(UserError, match=why):
        backends.load(f"hf:{folder}")


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i:'s|'t|'re|'ve)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        r"'s|'t| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}()*+]+|\s+(?!\S)|\s+",
        r"(\p{Lu}\p{M}*)?[a-z](?:x)?",
    ],
)
def test_the_patterns_of_known_models_are_taken(pattern):
    assert not model_folder._may_run_away(pattern)


def test_weights_that_are_no_numbers_are_refused(own):
    from safetensors.torch import load_file, save_file

    folder, _ = own
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] *= float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="no finite number .in 'model.norm.weight'"):
        backends.load(f"hf:{folder}")


def test_a_model_of_the_hub_is_checked_before_its_weights_are_fetched(tmp_path, monkeypatch):
    import huggingface_hub

    (tmp_path / "config.json").write_text('{"auto_map": {"AutoConfig": "evil.Evil"}}')
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: str(tmp_path / "config.json"))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: pytest.fail("weights were fetched"))
    with pytest.raises(UserError, match="names code to be run"):
        backends.load("hf:somebody/theirs@main")


LORA = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"], "megatron_core": "megatron.core"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"peft_type": "XLORA"}, "'peft_type' must be 'LORA'"),
        ({"megatron_config": {"a": 1}, "megatron_core": "evil"}, "no 'megatron_config'|no 'megatron_core'"),
        ({"megatron_core": "evil"}, "no 'megatron_core' of its own"),
        ({"auto_mapping": {"parent_library": "evil"}}, "names code to be run"),
        ({"corda_config": {"cache_file": "x.pt"}}, "has no 'corda_config'"),
        ({"target_modules": "(a+)+$"}, "'target_modules' must be a list"),
        ({"rank_pattern": {"(a+)+$": 3}}, "no 'rank_pattern' of its own"),
        ({"r": 10**9}, "'r' must be"),
        ({"lora_alpha": "much"}, "'lora_alpha' must be"),
    ],
)
def test_an_adapter_is_a_plain_lora_or_refused(tmp_path, said, why):
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "adapter_model.safetensors")
    write(tmp_path / "adapter_config.json", **LORA)
    model_folder.check_adapter(tmp_path)
    write(tmp_path / "adapter_config.json", **said)
    with pytest.raises(UserError, match=why):
        model_folder.check_adapter(tmp_path)


def test_the_adapter_that_ships_is_a_plain_lora():
    from unified_agent.paths import models

    model_folder.check_adapter(models() / "planner")
