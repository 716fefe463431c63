# SPDX-License-Identifier: Apache-2.0
"""With a tiny random Qwen3-VL, saved as the transformers library saves any model."""

import json
import shutil

import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.vision.preprocess import FrameError
from unified_agent.vision.video_language import VideoLanguageReward, progress

MARKS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}{% if c.type == 'video' %}"
    "<|vision_start|><|video_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
)
GOAL = "The red object is on top of the blue object"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from tokenizers import ByteLevelBPETokenizer
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    learner = ByteLevelBPETokenizer()
    learner.train_from_iterator(
        [f"{GOAL}. The answer is: True or False"] * 3, vocab_size=400, special_tokens=list(MARKS)
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=learner._tokenizer,
        pad_token=MARKS[0],
        eos_token=MARKS[2],
        additional_special_tokens=list(MARKS),
    )
    shapes = {"patch_size": 16, "merge_size": 2}
    video = Qwen3VLVideoProcessor(
        **shapes, temporal_patch_size=2, size={"shortest_edge": 1024, "longest_edge": 16384}, cap_pixels_per_frame=False
    )
    processor = Qwen3VLProcessor(Qwen2VLImageProcessor(**shapes), tokenizer, video, chat_template=TEMPLATE)
    number = dict(zip(MARKS, tokenizer.convert_tokens_to_ids(list(MARKS)), strict=True))
    torch.manual_seed(0)
    common = {"hidden_size": 32, "intermediate_size": 64}
    text = {
        **common,
        "vocab_size": len(tokenizer),
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rope_scaling": {"rope_type": "default", "mrope_section": [2, 3, 3], "mrope_interleaved": True},
    }
    vision = {
        **common,
        "depth": 2,
        "num_heads": 2,
        "out_hidden_size": 32,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    }
    config = Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=number["<|image_pad|>"],
        video_token_id=number["<|video_pad|>"],
        vision_start_token_id=number["<|vision_start|>"],
        vision_end_token_id=number["<|vision_end|>"],
    )
    folder = tmp_path_factory.mktemp("qwen")
    Qwen3VLForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def reward(folder):
    return VideoLanguageReward.load(f"hf:{folder}", GOAL, "cpu", prefixes=3, frames=4)


@pytest.fixture(scope="module")
def moments():
    return np.random.default_rng(0).integers(0, 256, (7, 2, 48, 64, 3), dtype=np.uint8)


def test_every_moment_has_a_log_probability(reward, moments):
    rewards = reward.score(moments)
    assert rewards.shape == (7,) and rewards.dtype == np.float32
    assert (rewards < 0).all() and np.isfinite(rewards).all()


def test_between_the_prefixes_that_it_looks_at_it_interpolates(reward, moments):
    rewards = reward.score(moments)
    assert rewards[1] == pytest.approx(rewards[0] + (rewards[3] - rewards[0]) / 3, abs=1e-5)


def test_nothing_after_a_moment_changes_its_reward(reward, moments):
    assert reward.score(moments[:4])[-1] == pytest.approx(reward.score(moments)[3], abs=1e-5)


def test_it_is_what_the_model_gives_the_word_true_after_the_question(folder, moments):
    """Against the model's own distribution over the next token, asked without the answer."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    reward = VideoLanguageReward.load(f"hf:{folder}", GOAL, "cpu", prefixes=1, frames=4)
    processor = AutoProcessor.from_pretrained(folder)
    asked = f"The video shows a robot at work on this: {GOAL}. Has that been done, True or False? The answer is:"
    text = f"<|im_start|>user\n<|vision_start|><|video_pad|><|vision_end|>{asked}"
    video = torch.from_numpy(moments[:4, 0]).permute(0, 3, 1, 2)
    told = {"total_num_frames": 4, "fps": 2.0, "frames_indices": [0, 1, 2, 3]}
    inputs = processor(text=[text], videos=[video], video_metadata=[told], do_sample_frames=False, return_tensors="pt")
    with torch.inference_mode():
        logits = AutoModelForImageTextToText.from_pretrained(folder)(**inputs).logits[0, -1]
    (true,) = processor.tokenizer.encode(" True", add_special_tokens=False)
    assert reward.score(moments[:4, :1])[-1] == pytest.approx(float(logits.log_softmax(-1)[true]), abs=1e-4)


def test_progress_runs_from_nothing_to_one():
    assert progress([-3.0, -1.0, -2.0]).tolist() == [0.0, 1.0, 0.5]
    assert progress([-1.0, -1.0]).tolist() == [0.0, 0.0]


def test_code_of_a_models_own_is_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "model")
    path = tmp_path / "model" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "auto_map": {"AutoConfig": "mine.Config"}}))
    with pytest.raises(UserError, match="names code to be run"):
        VideoLanguageReward.load(f"hf:{tmp_path / 'model'}", GOAL, "cpu")


def test_weights_that_are_not_there_are_told(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(UserError, match="no weights as safetensors"):
        VideoLanguageReward.load(f"hf:{tmp_path / 'model'}", GOAL, "cpu")


@pytest.mark.parametrize("goal", ["", "   "])
def test_an_empty_goal_is_refused(folder, goal):
    with pytest.raises(UserError, match="empty"):
        VideoLanguageReward.load(f"hf:{folder}", goal, "cpu")


def test_a_spec_that_is_no_model_is_told(tmp_path):
    with pytest.raises(UserError, match="given as hf:"):
        VideoLanguageReward.load("qwen", GOAL, "cpu")


def test_frames_that_are_no_moments_are_refused(reward):
    with pytest.raises(FrameError, match="moments of shape"):
        reward.score(np.zeros((4, 48, 64, 3), np.uint8))
