# SPDX-License-Identifier: Apache-2.0
import json
import os
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

from unified_agent.documents import BadDocument
from unified_agent.model_files import BadModel, check_folder, weights_in


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    save_file({"a": np.zeros((3, 5), np.float32)}, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("name", ["modeling_x.py", "custom_generate/generate.py", "op.so", "TOKENIZER.PY", "a.pkl"])
def test_code_beside_weights_is_refused_by_name(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("")
    with pytest.raises(BadModel, match=f"{name} is code beside weights"):
        check_folder(folder)


def test_a_link_to_code_is_code_whatever_it_is_called(folder):
    (folder / "a").write_text("")
    (folder / "b.py").symlink_to(folder / "a")
    with pytest.raises(BadModel, match=r"b\.py is code"):
        check_folder(folder)


@pytest.mark.parametrize(
    "said",
    [
        {"auto_map": {"AutoModel": "evil.Model"}},
        {"text_config": {"tokenizer_kwargs": [{"trust_remote_code": True}]}},
        {"auto_mapping": {"parent_library": "evil"}},
        {"custom_generate": "somebody/theirs"},
        {"_attn_implementation": "somebody/kernel"},
        {"sub": {"attn_implementation": {"": "somebody/kernel:x"}}},
    ],
)
def test_a_configuration_that_names_code_is_refused_by_name(folder, said):
    (folder / "config.json").write_text(json.dumps(said))
    with pytest.raises(BadModel, match=r"config\.json .*code"):
        check_folder(folder)


def test_what_chooses_no_code_is_read(folder):
    said = {"auto_mapping": None, "trust_remote_code": False, "attn_implementation": "sdpa"}
    (folder / "config.json").write_text(json.dumps(said))
    (folder / "vocab.json").write_text('{"auto_map": 7}')
    check_folder(folder)


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "card.json")
    with pytest.raises(BadModel, match="no regular file"):
        check_folder(folder)


def test_a_link_may_lead_to_the_blobs_of_a_hubs_cache_and_nowhere_else(tmp_path, folder):
    snapshot = tmp_path / "models--x" / "snapshots" / "abc"
    blob = tmp_path / "models--x" / "blobs" / "123"
    snapshot.mkdir(parents=True)
    blob.parent.mkdir()
    blob.write_text("{}")
    (snapshot / "config.json").symlink_to(blob)
    check_folder(snapshot)
    (folder / "generation_config.json").symlink_to(blob)
    with pytest.raises(BadModel, match="leaves the folder"):
        check_folder(folder)


def test_a_configuration_without_end_is_not_read(folder):
    (folder / "generation_config.json").write_text(" " * (5 * 2**20))
    with pytest.raises(BadDocument, match="expected a text file of at most"):
        check_folder(folder)


def test_the_numbers_of_a_safetensors_file_are_counted(folder):
    assert weights_in(folder / "model.safetensors") == 15


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 21) + b'{"a":{"shape":[-1,2]}}'[:21],
        struct.pack("<Q", 41) + b'{"a":{"shape":[99999999,99999999,9999]}} ',
        struct.pack("<Q", 18) + b'{"a":{"shape":{}}}',
    ],
)
def test_a_header_that_does_not_fit_its_file_is_told(folder, raw):
    (folder / "model.safetensors").write_bytes(raw)
    with pytest.raises((BadModel, BadDocument), match="safetensors"):
        weights_in(folder / "model.safetensors")
