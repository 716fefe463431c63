# SPDX-License-Identifier: Apache-2.0
import json
import pickle

import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip, ClipError
from unified_agent.vision.preprocess import FrameError


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_frames_and_sentences_become_unit_vectors_of_one_size(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    images, texts = clip.encode_image(noise(3, 32, 32, 3)), clip.encode_text(["a red box", "a blue box"])
    assert images.shape == (3, 16)
    assert texts.shape == (2, 16)
    assert torch.allclose(images.norm(dim=1), torch.ones(3))
    assert torch.allclose(texts.norm(dim=1), torch.ones(2))


def test_the_weights_file_stands_for_its_folder(tiny_folder):
    by_file, by_folder = Clip.load(str(tiny_folder / "model.safetensors"), "cpu"), Clip.load(str(tiny_folder), "cpu")
    assert torch.equal(by_file.encode_text(["a box"]), by_folder.encode_text(["a box"]))


def test_frames_are_normalised_as_open_clip_does_it(tiny_folder):
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from PIL import Image

    clip = Clip.load(str(tiny_folder), "cpu")
    frame = noise(32, 32, 3)
    reference = image_transform_v2(PreprocessCfg(**clip.model.visual.preprocess_cfg), is_train=False)
    assert torch.allclose(clip._preprocess(frame[None])[0], reference(Image.fromarray(frame)), atol=1e-5)


def test_a_wide_frame_is_seen_as_its_middle_square(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    wide = noise(1, 32, 48, 3)
    assert torch.allclose(clip.encode_image(wide), clip.encode_image(wide[:, :, 8:40]), atol=1e-5)


@pytest.mark.parametrize("frames", [noise(2, 32, 32), noise(2, 32, 32, 4), noise(1, 0, 32, 3), np.zeros((1, 8, 8, 3))])
def test_what_is_no_rgb_frame_of_bytes_is_refused(tiny_folder, frames):
    with pytest.raises(FrameError, match="RGB"):
        Clip.load(str(tiny_folder), "cpu").encode_image(frames)


def test_a_missing_weights_file_is_named(tiny_folder):
    (tiny_folder / "model.safetensors").unlink()
    with pytest.raises(ClipError, match="cannot be loaded"):
        Clip.load(str(tiny_folder), "cpu")


def test_corrupt_weights_are_refused(tiny_folder):
    (tiny_folder / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(ClipError, match="Get the file again"):
        Clip.load(str(tiny_folder), "cpu")


class Trap:
    def __reduce__(self):
        return pytest.fail, ("code in a checkpoint was run",)


@pytest.mark.parametrize("save", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing, protocol=2))])
def test_pickled_code_is_refused_and_not_run(tiny_folder, save):
    (tiny_folder / "model.safetensors").unlink()
    save({"state_dict": {"visual.conv1.weight": Trap()}}, tiny_folder / "pytorch_model.bin")
    with pytest.raises(ClipError, match="pickled code is refused"):
        Clip.load(str(tiny_folder), "cpu")


def test_weights_of_another_architecture_are_refused(tiny_folder):
    config = tiny_folder / "open_clip_config.json"
    config.write_text(config.read_text().replace('"width": 8', '"width": 16'))
    with pytest.raises(ClipError, match="fit their model configuration"):
        Clip.load(str(tiny_folder), "cpu")


def write(folder, change):
    """The tiny CLIP's configuration with one change."""
    path = folder / "open_clip_config.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def canary(folder):
    """Python that would leave a file behind, under every name that a library would import."""
    trace = folder.parent / "code_was_run"
    for name in ("tokenization_evil.py", "modeling_evil.py", "configuration_evil.py"):
        code = f"import pathlib\npathlib.Path({str(trace)!r}).touch()\n"
        (folder / name).write_text(code + "class Evil:\n    pass\n")
    return trace


@pytest.fixture
def own_folder(tiny_folder):
    """The tiny CLIP in a folder of its own, beside which a canary may leave its trace."""
    folder = tiny_folder / "clip"
    folder.mkdir()
    for path in list(tiny_folder.iterdir()):
        if path.is_file():
            path.rename(folder / path.name)
    return folder


def test_a_tokenizer_of_its_own_code_is_refused_and_not_run(own_folder):
    trace = canary(own_folder)
    (own_folder / "tokenizer_config.json").write_text(
        '{"auto_map": {"AutoTokenizer": ["tokenization_evil.Evil", null]}}'
    )
    text = {"hf_tokenizer_name": "any", "tokenizer_kwargs": {"trust_remote_code": True}}
    write(own_folder, lambda c: c["model_cfg"]["text_cfg"].update(text))
    with pytest.raises(ClipError, match="_evil.py is code beside weights"):
        Clip.load(str(own_folder), "cpu")
    for path in own_folder.glob("*.py"):
        path.unlink()
    with pytest.raises(ClipError, match="_config.json names code to be run"):
        Clip.load(str(own_folder), "cpu")
    (own_folder / "tokenizer_config.json").unlink()
    with pytest.raises(ClipError, match="open_clip_config.json names code to be run .'trust_remote_code'"):
        Clip.load(str(own_folder), "cpu")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: m["text_cfg"].update(tokenizer_kwargs={"use_auth_token": "x"}), "'tokenizer_kwargs' must be"),
        (lambda m: m["text_cfg"].update(hf_model_name="somebody/theirs"), "'hf_model_name' must be"),
        (lambda m: m["text_cfg"].update(hf_model_name=["roberta-base"]), "'hf_model_name' must be"),
        (lambda m: m["vision_cfg"].update(timm_model_name="hf-hub:somebody/theirs"), "'timm_model_name' must be"),
        (lambda m: m["vision_cfg"].update(timm_model_name="local-dir:/x"), "'timm_model_name' must be"),
        (lambda m: m["vision_cfg"].update(act_kwargs={"inplace": True}), "'act_kwargs' must be"),
        (lambda m: m["vision_cfg"].update(width=10**9), "'width' must be a whole number from 1 to"),
        (lambda m: m["vision_cfg"].update(layers=[10**9] * 4), "'layers' must be"),
        (lambda m: m["text_cfg"].update(vocab_size=10**12), "'vocab_size' must be"),
        (lambda m: m["text_cfg"].update(context_length="77"), "'context_length' must be"),
        (lambda m: m["text_cfg"].update(width=8192, layers=4), "do not belong together"),
        (lambda m: m["vision_cfg"].update(layers=[2, 2, 2, 2], width=2048), "do not belong together"),
        (lambda m: m["vision_cfg"].update(head_width=0), "'head_width' must be"),
        (lambda m: m["vision_cfg"].update(widht=4), "Did you mean 'width'"),
        (lambda m: m.update(embed_dim=float("nan")), "'embed_dim' must be"),
        (lambda m: m.update(vision_cfg=[1]), "vision_cfg"),
        (lambda m: m.pop("text_cfg"), "text_cfg"),
        (lambda m: m.pop("embed_dim"), "'embed_dim' is missing"),
    ],
)
def test_a_configuration_is_checked_before_anything_is_built(tiny_folder, change, why):
    write(tiny_folder, lambda content: change(content["model_cfg"]))
    with pytest.raises(ClipError, match=why):
        Clip.load(str(tiny_folder), "cpu")


@pytest.mark.parametrize(
    ("key", "value"),
    [("mean", "grey"), ("mean", [0, 0, float("nan")]), ("std", [0, 0, 0]), ("interpolation", "magic"), ("size", -1)],
)
def test_what_frames_are_brought_to_is_checked_too(tiny_folder, key, value):
    write(tiny_folder, lambda content: content.update(preprocess_cfg={key: value}))
    with pytest.raises(ClipError, match=f"preprocess_cfg: '{key}' must be"):
        Clip.load(str(tiny_folder), "cpu")


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ("[1]", "Expected a mapping"),
        ('{"thresholds": [0.5]}', "Expected a mapping"),
        ('{"thresholds": {"a": "0.3"}}', "threshold of 'a'"),
        ('{"thresholds": {"a": {"b": 0.3}}}', "threshold of 'a'"),
        ('{"default_threshold": NaN}', "threshold of 'default_threshold'"),
        ('{"default_threshold": true}', "threshold of 'default_threshold'"),
        ("{", "is no JSON"),
    ],
)
def test_a_card_of_other_types_is_told_as_what_it_is(tiny_folder, card, why):
    (tiny_folder / "card.json").write_text(card)
    with pytest.raises(ClipError, match=why):
        Clip.load(str(tiny_folder), "cpu")


def test_weights_that_are_no_numbers_are_refused(tiny_folder, tiny_state):
    from safetensors.torch import save_file

    name = next(iter(tiny_state))
    save_file({**tiny_state, name: tiny_state[name] * float("nan")}, tiny_folder / "model.safetensors")
    with pytest.raises(ClipError, match=f"no finite number .in '{name}'"):
        Clip.load(str(tiny_folder), "cpu")


def test_a_model_of_the_hub_is_checked_before_its_weights_are_fetched(tmp_path, monkeypatch):
    from unified_agent.vision import clip

    asked = []

    def fetch(repository, name, **_):
        asked.append(name)
        (tmp_path / name).write_text('{"model_cfg": {"text_cfg": {"tokenizer_kwargs": {"trust_remote_code": true}}}}')
        return str(tmp_path / name)

    monkeypatch.setattr(clip, "hf_hub_download", fetch)
    with pytest.raises(ClipError, match="names code to be run"):
        Clip.load("hf-hub:somebody/theirs", "cpu")
    assert asked == ["open_clip_config.json"]


def test_a_folder_without_a_model_configuration_is_refused(tmp_path):
    with pytest.raises(ClipError, match="has no open_clip_config"):
        Clip.load(str(tmp_path), "cpu")


def test_the_nearest_model_name_is_offered():
    with pytest.raises(ClipError, match="Did you mean 'ViT-B-32'"):
        Clip.load("ViT-B32:openai", "cpu")


def test_the_nearest_tag_is_offered():
    with pytest.raises(ClipError, match="Did you mean 'laion2b_s34b_b79k'"):
        Clip.load("ViT-B-32:laion2b_s34b_b79", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_a_gpu_asked_for_and_absent_is_refused(tiny_folder):
    with pytest.raises(UserError, match="GPU"):
        Clip.load(str(tiny_folder), "cuda")


@pytest.mark.parametrize("name", ["RN50", "coca_ViT-B-32"])
def test_every_kind_of_model_sees_as_open_clip_has_it(name):
    import open_clip

    clip = Clip(open_clip.create_model(name), open_clip.get_tokenizer(name))
    frames = noise(1, 224, 224, 3)
    with torch.inference_mode():
        expected = clip.model.encode_image(clip._preprocess(frames), normalize=True)
    torch.testing.assert_close(clip.encode_image(frames), expected, rtol=1e-3, atol=1e-5)
