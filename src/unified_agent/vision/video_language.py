# SPDX-License-Identifier: Apache-2.0
"""A chat model that sees video as the reward: how readily it says "True" of a sentence (TOPReward, arXiv 2602.19313).

The reward of a moment is log P("True" | the video up to it, the question whether the sentence is so). A large model
reads a whole video for each: this wants a graphics card (of a model of 8 billion numbers, one of 24 GB).
"""

import copy
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from unified_agent.device import torch_device
from unified_agent.errors import UserError, first_line, in_range
from unified_agent.language import backends, model_folder
from unified_agent.model_files import refuse_strange_numbers
from unified_agent.vision.preprocess import FrameError

PREFIX = "hf:"
_QUESTION = "The video shows a robot at work on this: {sentence} Has that been done, True or False? The answer is:"
_ANSWER = " True"
_SAY = "\0"
"""Stands for the question where a chat template is asked what comes before it."""


class VideoLanguageReward:
    """Scores moments of one episode, in the order of time.

    Args:
        model: of transformers' image-text-to-text kind, whose processor takes videos.
        processor: its own.
        sentence: what is wanted.
        device: where it computes.
        prefixes: of an episode that are looked at; between them the reward is interpolated.
        frames: of each prefix, evenly spread from its first to its last.

    Raises:
        UserError: a sentence, a number or a processor that cannot be used.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        processor,
        sentence: str,
        device: str = "cpu",
        prefixes: int = 16,
        frames: int = 16,
    ) -> None:
        in_range("prefixes", prefixes, 1, 10_000)
        in_range("frames", frames, 2, 1_000)
        if not sentence.strip():
            raise UserError("The goal is empty: say what is wanted, such as 'Stack the red object on the blue one.'")
        if getattr(processor, "video_processor", None) is None:
            raise UserError("This model takes no videos: expected one such as Qwen3-VL.")
        self._model, self._processor = model.to(device).eval(), processor
        self._prefixes, self._frames = prefixes, frames
        self._text = self._asked(sentence.strip())
        question = self._tokens(self._text.removesuffix(_ANSWER))
        answered = self._tokens(self._text)
        if answered[: len(question)] != question or len(answered) == len(question):
            raise UserError("This model's tokenizer joins the answer to the question: it cannot be asked so.")
        self._answer = answered[len(question) :]

    @classmethod
    def load(cls, spec: str, sentence: str, device: str = "auto", **numbers: int) -> "VideoLanguageReward":
        """The reward of ``hf:<model id or folder>[@revision]``; no code of a model's own is run.

        Raises:
            UserError: it is not there, broken, or no such model; or see the class.
        """
        os.environ.setdefault("USE_HUB_KERNELS", "NO")  # see `backends.load`
        if not spec.startswith(PREFIX) or len(spec) == len(PREFIX):
            raise UserError(f"A chat model is given as {PREFIX}<model id or folder>[@revision], not '{spec}'.")
        device, name = torch_device(device), spec.removeprefix(PREFIX)
        try:
            return cls(*_loaded(name, device), sentence, device, **numbers)
        except UserError as error:
            raise UserError(f"The chat model '{name}' cannot be used: {error}") from None
        except Exception as error:  # transformers, tokenizers and the hub raise many kinds for a damaged file
            raise UserError(
                f"The chat model '{name}' cannot be loaded: {first_line(error, 300).rstrip('.')}. Expected the id of a "
                "model on the hub that reads videos, or a folder with its config, tokenizer and safetensors."
            ) from None

    def score(self, moments: np.ndarray) -> np.ndarray:
        """log P("True") of every moment, averaged over the cameras; at most 0.

        Args:
            moments: of one episode, RGB, uint8, shape (N, C, H, W, 3).

        Returns:
            float32, shape (N,).

        Raises:
            FrameError: they are something else.
        """
        if moments.ndim != 5 or moments.dtype != np.uint8 or moments.shape[-1] != 3 or 0 in moments.shape:
            raise FrameError(f"Expected uint8 moments of shape (N, C, H, W, 3), not {moments.dtype} {moments.shape}.")
        count, cameras = moments.shape[:2]
        ends = _spread(count, self._prefixes)
        said = [
            np.mean([self._log_true(moments[_spread(end + 1, self._frames), camera]) for camera in range(cameras)])
            for end in ends
        ]
        return np.interp(np.arange(count), ends, said).astype(np.float32)

    @torch.inference_mode()
    def _log_true(self, video: np.ndarray) -> float:
        """log P(answer) after a video, uint8 (T, H, W, 3)."""
        # These models take at least two frames: what is one stands still.
        video = np.repeat(video, 2, axis=0) if len(video) == 1 else video
        told = {"total_num_frames": len(video), "fps": 2.0, "frames_indices": list(range(len(video)))}
        inputs = self._processor(
            text=[self._text],
            videos=[torch.from_numpy(np.ascontiguousarray(video)).permute(0, 3, 1, 2)],
            video_metadata=[told],
            do_sample_frames=False,
            return_tensors="pt",
        ).to(self._model.device)
        length = len(self._answer)
        logits = self._model(**inputs, logits_to_keep=length + 1).logits[0, -length - 1 : -1].float()
        answer = torch.tensor(self._answer, device=logits.device)
        found = float(logits.log_softmax(dim=-1).gather(1, answer[:, None]).sum())
        if not math.isfinite(found):
            raise UserError("The chat model's scores are no finite numbers: get its weights again.")
        return found

    def _asked(self, sentence: str) -> str:
        """The chat up to the answer and with it: the person's turn is not ended, so that the model goes on with it."""
        content = [{"type": "video"}, {"type": "text", "text": _SAY}]
        chat = self._processor.apply_chat_template([{"role": "user", "content": content}], tokenize=False)
        before, found, _ = chat.partition(_SAY)
        if not found:
            raise UserError("This model's chat template leaves out what is said: it cannot be asked.")
        return before + _QUESTION.format(sentence=sentence if sentence[-1] in ".!?" else f"{sentence}.") + _ANSWER

    def _tokens(self, text: str) -> list[int]:
        return list(self._processor.tokenizer.encode(text, add_special_tokens=False))


def progress(rewards: Sequence[float]) -> np.ndarray:
    """Rewards of one episode brought to [0, 1] between their least and greatest; 0 where they are all the same."""
    rewards = np.asarray(rewards, dtype=np.float32)
    width = np.ptp(rewards)
    return (rewards - rewards.min()) / width if width > 0 else np.zeros_like(rewards)


def _spread(count: int, most: int) -> np.ndarray:
    """At most so many of the numbers below ``count``, the first and the last among them; the last where it is one."""
    return np.unique(np.linspace(count - 1, 0, min(most, count)).round().astype(int))


def _loaded(name: str, device: str):
    """Model and processor of a folder that was checked before anything of it is built."""
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

    folder = Path(name) if backends.is_folder(name) else backends.fetched(*name.partition("@")[::2])
    model_folder.check_model(folder)
    plain = {"trust_remote_code": False, "local_files_only": True}
    config = AutoConfig.from_pretrained(folder, **plain)
    with torch.device("meta"):
        described = AutoModelForImageTextToText.from_config(copy.deepcopy(config), trust_remote_code=False)
    model_folder.check_weights(folder, sum(t.numel() for t in (*described.parameters(), *described.buffers())))
    processor = AutoProcessor.from_pretrained(folder, **plain)
    dtype = "auto" if device == "cuda" else torch.float32
    model, loaded = AutoModelForImageTextToText.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, output_loading_info=True, **plain
    )
    if missing := sorted(loaded["missing_keys"]):
        raise UserError(f"its weights lack {', '.join(missing[:3])}: get it again.")
    refuse_strange_numbers(model.named_parameters(), folder)
    return model, processor
