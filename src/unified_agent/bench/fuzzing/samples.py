# SPDX-License-Identifier: Apache-2.0
"""Small good inputs of every kind, made by code: what the fuzzer damages."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np

from unified_agent import paths
from unified_agent.language.subgoals import SENTENCES
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE, compressed
from unified_agent.recording.said import JOINT_STATE, STRING
from unified_agent.robot.arm import Arm
from unified_agent.topics import CAMERAS, image

FRAMES, SIZE = 8, 32
CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
}


def make(folder: Path) -> None:
    """Fill a folder: ``bag``, ``sqlite``, ``clip``, ``policy``, ``planner``, ``adapter``, ``dataset``, ``arm``,
    ``parameters`` and ``sentences``.
    """
    _bag(folder / "bag")
    _sqlite(folder / "bag", folder / "sqlite")
    _clip(folder / "clip")
    _policy(folder / "policy")
    _planner(folder / "planner", folder / "adapter")
    _dataset(folder / "bag", folder / "dataset")
    share = paths.share()
    for name, files in (
        ("arm", (share / "config" / "arms" / "default.yaml", Arm.load("default").urdf)),
        ("parameters", (share / "config" / "sim.yaml", share / "config" / "replay.yaml")),
    ):
        (folder / name).mkdir()
        for file in files:
            shutil.copyfile(file, folder / name / file.name)
    (folder / "sentences").mkdir()
    (folder / "sentences" / "asked.yaml").write_text("".join(f"{sentence}: 0.3\n" for sentence in SENTENCES[:4]))
    (folder / "sentences" / "asked.txt").write_text("\n".join(SENTENCES[:4]))
    answers = "plans:\n- [stack red on blue, red/blue]\nrefusals:\n- fly\n"
    (folder / "sentences" / "answers.yaml").write_text(answers)


def _bag(folder: Path) -> None:
    types = common_types().types
    random = np.random.default_rng(0)

    def header(time: int):
        stamp = types["builtin_interfaces/msg/Time"](sec=time // NANO, nanosec=time % NANO)
        return types["std_msgs/msg/Header"](stamp=stamp, frame_id="")

    with BagWriter(folder) as writer:
        for topic in ("/instruction", "/plan", "/subgoal", "/episode"):
            writer.add_topic(topic, STRING)
        writer.add_topic("/joint_states", JOINT_STATE)
        writer.add_topic(image(CAMERAS[0]), IMAGE)
        writer.add_topic("/camera/right/image_raw/compressed", COMPRESSED_IMAGE)
        said = {"/plan": "\n".join(SENTENCES[:2]), "/episode": "start stack them", "/subgoal": SENTENCES[0]}
        for topic, text in said.items():
            writer.write(topic, encode(types[STRING](data=text)), NANO)
        for number in range(FRAMES):
            time = NANO + number * NANO // 10
            frame = random.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
            raw = types[IMAGE](header(time), SIZE, SIZE, "rgb8", 0, 3 * SIZE, frame.reshape(-1))
            writer.write(image(CAMERAS[0]), encode(raw), time)
            data = np.frombuffer(compressed(frame, "jpeg"), np.uint8)
            writer.write(
                "/camera/right/image_raw/compressed", encode(types[COMPRESSED_IMAGE](header(time), "jpeg", data)), time
            )
            joints = types[JOINT_STATE](header(time), ["a", "b"], *[np.full(2, 0.1 * number)] * 3)
            writer.write("/joint_states", encode(joints), time)
        writer.write("/episode", encode(types[STRING](data="end success")), 3 * NANO)


def _sqlite(bag: Path, folder: Path) -> None:
    from unified_agent.recording.reader import BagReader

    folder.mkdir()
    reader = BagReader(bag)
    with sqlite3.connect(folder / "sqlite_0.db3") as connection:
        connection.execute(
            "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, "
            "serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL)"
        )
        connection.execute(
            "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, timestamp INTEGER NOT NULL, "
            "data BLOB NOT NULL)"
        )
        numbers = {name: number for number, name in enumerate(sorted(reader.topics), start=1)}
        for name, number in numbers.items():
            row = (number, name, reader.topics[name].type)
            connection.execute("INSERT INTO topics VALUES(?, ?, ?, 'cdr', '')", row)
        for message in reader.messages():
            row = (numbers[message.topic], message.received, message.data)
            connection.execute("INSERT INTO messages(topic_id, timestamp, data) VALUES(?, ?, ?)", row)
    connection.close()


def _clip(folder: Path) -> None:
    import torch
    from open_clip import model
    from safetensors.torch import save_file

    folder.mkdir()
    torch.manual_seed(0)
    save_file(model.CLIP(**CLIP).state_dict(), folder / "model.safetensors")
    described = {"model_cfg": CLIP, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "size": 32}}
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    card = {"thresholds": dict.fromkeys(SENTENCES, 0.1), "default_threshold": 0.2}
    (folder / "card.json").write_text(json.dumps(card))


def _policy(folder: Path) -> None:
    import torch

    from unified_agent.policy.checkpoint import Policy
    from unified_agent.policy.network import NetworkConfig, PolicyNetwork

    torch.manual_seed(0)
    config = NetworkConfig(words=("red", "blue"), objects=("red",), centre=(0.5, 0.0, 0.0), width=16, heads=2)
    Policy(PolicyNetwork(config), {"command": "by hand"}).save(folder)


def _planner(folder: Path, adapter: Path) -> None:
    import torch
    from open_clip.tokenizer import bytes_to_unicode
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder.mkdir()
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    bytewise = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    letters = ["<pad>", "</s>", *bytes_to_unicode().values()]
    rules = {
        "version": "1.0",
        "added_tokens": [{"id": number, "content": letters[number], **special} for number in (0, 1)],
        "normalizer": {"type": "Replace", "pattern": {"Regex": " +"}, "content": " "},
        "pre_tokenizer": bytewise,
        "decoder": bytewise,
        "model": {"type": "BPE", "vocab": {letter: n for n, letter in enumerate(letters)}, "merges": []},
    }
    (folder / "tokenizer.json").write_text(json.dumps(rules))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>", eos_token="</s>"
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            tie_word_embeddings=True,
        )
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")).save_pretrained(
        adapter
    )
    (adapter / "README.md").unlink(missing_ok=True)


def _dataset(bag: Path, folder: Path) -> None:
    from unified_agent import cli

    cli.main(["export", str(bag), "--out", str(folder), "--task", "stack"])
