# SPDX-License-Identifier: Apache-2.0
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
