# SPDX-License-Identifier: Apache-2.0
import os

from unified_agent import __version__
from unified_agent.recording.models_used import models_used


def test_the_models_that_ship_are_told_by_their_weights():
    used = models_used({"clip": "default", "planner": "smollm2", "policy": "default"})
    digests = {used[part]["sha256"] for part in ("clip", "planner", "policy")}
    assert len(digests) == 3
    assert used["unified_agent"] == {"version": __version__}


def test_another_model_is_told_by_its_name_or_its_folder(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    used = models_used({"clip": "ViT-B-32:openai", "policy": str(tmp_path), "planner": ""})
    assert used["clip"] == {"spec": "ViT-B-32:openai"}
    assert len(used["policy"]["sha256"]) == 64
    assert "planner" not in used


def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.safetensors")
    assert models_used({"clip": str(tmp_path)})["clip"] == {"spec": str(tmp_path)}
