# SPDX-License-Identifier: Apache-2.0
"""What a collector met: episodes of states, actions, frames and what CLIP said of them."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save as encoded

from unified_agent.errors import UserError
from unified_agent.folders import write_whole
from unified_agent.language.subgoals import OBJECTS
from unified_agent.recording import images
from unified_agent.state import Action, State
from unified_agent.training.policy import experience_file
from unified_agent.training.policy.experience_file import BadExperience

JPEG_QUALITY = 92
LARGEST_FRAME = 2**24
"""Pixels of a frame that is opened."""


@dataclass(frozen=True)
class Provenance:
    """With what an episode was seen: scores of another CLIP, or held against other thresholds, mean something else.

    Attributes:
        clip: `Clip.fingerprint` of the model that scored.
        thresholds: of the episode's sentences, M.
        arm: its name.
    """

    clip: str
    thresholds: tuple[float, ...]
    arm: str


@dataclass
class Episode:
    """T actions and the T + 1 moments around them.

    Attributes:
        instruction: what was asked for.
        sentences: what was asked of every frame, M sentences.
        states: T + 1 states.
        actions: T actions (x, y), metres in ``base_link``.
        pursued: the T sentences that were pursued.
        frames: T + 1 moments, each a JPEG a camera; nothing where none was kept.
        scores: CLIP's scores of every moment, (T + 1, M); nothing where it did not look.
        done: whether the agent (or, for a learner from the task's reward, the environment) called it done.
        success: whether the task was done by MuJoCo's true poses; measured, never learnt from.
        provenance: with what it was seen; None for one of version 0.1.
    """

    instruction: str
    sentences: tuple[str, ...]
    states: list[State] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    pursued: list[str] = field(default_factory=list)
    frames: list[list[bytes]] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    done: bool = False
    success: bool = False
    provenance: Provenance | None = None

    def __len__(self) -> int:
        return len(self.actions)

    def frames_of(self, moment: int) -> np.ndarray:
        """The frames of a moment, RGB, uint8, shape (C, H, W, 3).

        Raises:
            BadExperience: one is no whole JPEG, is huge, or they have different sizes.
        """
        frames = [_opened(data) for data in self.frames[moment]]
        if len({frame.shape for frame in frames}) != 1:
            raise BadExperience(f"The frames of a moment have the shapes {[frame.shape for frame in frames]}.")
        return np.stack(frames)


def compressed(frame: np.ndarray) -> bytes:
    """A frame (H, W, 3), RGB, uint8, as JPEG of the quality that is kept."""
    return images.compressed(frame, "jpeg", JPEG_QUALITY)


def save(episodes: Sequence[Episode], path: Path) -> None:
    """Write episodes as one safetensors file, whole or not at all.

    Tensors run over all moments (or actions) of all episodes one after another: ``objects`` (N, O, 3), ``tool``
    (N, 3), ``holding`` (N,), ``scores`` (N, M), ``actions`` (A, 2), ``jpeg`` bytes and where each image ``ends``
    (N, C). What is text is JSON in the file's metadata.

    Raises:
        UserError: some of them have frames or scores and others not, or of another number; or it cannot be written.
    """
    _refuse_mixed(episodes)
    states = [state for episode in episodes for state in episode.states]
    images = [moments for episode in episodes for moments in episode.frames]
    ends = np.cumsum([len(image) for moments in images for image in moments], dtype=np.int64)
    tensors = {
        "objects": np.array([[state.objects[name] for name in OBJECTS] for state in states], dtype=float),
        "tool": np.array([state.tool for state in states], dtype=float),
        "holding": np.array([state.holding for state in states], dtype=bool),
        "scores": np.array([row for episode in episodes for row in episode.scores], dtype=np.float32),
        "actions": np.array([a for episode in episodes for a in episode.actions], dtype=float).reshape(-1, 2),
        "jpeg": np.frombuffer(b"".join(image for moments in images for image in moments), dtype=np.uint8),
        "ends": ends.reshape(len(images), len(images[0]) if images else 0),
    }
    said = json.dumps([_told(episode) for episode in episodes])
    if len(said) > experience_file.MOST_TEXT:
        raise UserError(f"{len(episodes)} episodes are too many for one file, {path}: write them in several.")
    metadata = {"format": experience_file.FORMAT, "objects": json.dumps(OBJECTS), "episodes": said}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, encoded(tensors, metadata))


def load(path: Path, frames: bool = False) -> list[Episode]:
    """The episodes of a file; their pictures only with ``frames``.

    Raises:
        BadExperience: the file is none of ours, or broken, or what it holds does not fit together.
    """
    texts, names, tensors = experience_file.read(path, frames)
    return list(_episodes(texts, names, tensors))


def _told(episode: Episode) -> dict:
    return {
        "instruction": episode.instruction,
        "sentences": episode.sentences,
        "pursued": episode.pursued,
        "done": bool(episode.done),
        "success": bool(episode.success),
        "provenance": None if episode.provenance is None else asdict(episode.provenance),
    }


def _episodes(texts: list[dict], names: list[str], tensors: dict[str, np.ndarray]):
    moment = action = 0
    for text in texts:
        count = len(text["pursued"])
        moments, actions = slice(moment, moment + count + 1), slice(action, action + count)
        moment, action = moments.stop, actions.stop
        states = [
            State(objects=dict(zip(names, objects, strict=True)), tool=tool, holding=bool(holding))
            for objects, tool, holding in zip(
                tensors["objects"][moments], tensors["tool"][moments], tensors["holding"][moments], strict=True
            )
        ]
        told = text.get("provenance")
        pictures = _images(tensors, moments) if len(tensors.get("ends", ())) else []
        yield Episode(
            instruction=text["instruction"],
            sentences=tuple(text["sentences"]),
            pursued=text["pursued"],
            done=text["done"],
            success=text["success"],
            provenance=told and Provenance(told["clip"], tuple(map(float, told["thresholds"])), told["arm"]),
            states=states,
            actions=list(tensors["actions"][actions]),
            frames=pictures,
            scores=list(tensors["scores"][moments]),
        )


def _images(tensors: dict[str, np.ndarray], moments: slice) -> list[list[bytes]]:
    ends, cameras = tensors["ends"].ravel(), tensors["ends"].shape[1]
    starts = np.concatenate([[0], ends])

    def image(index: int) -> bytes:
        return tensors["jpeg"][starts[index] : ends[index]].tobytes()

    return [[image(m * cameras + c) for c in range(cameras)] for m in range(moments.start, moments.stop)]


def _refuse_mixed(episodes: Sequence[Episode]) -> None:
    """Rows of a file are counted off by the actions: each episode must have its own."""
    for episode in episodes:
        count = len(episode) + 1
        if len(episode.pursued) != len(episode) or len(episode.states) != count:
            raise UserError(f"An episode of {len(episode)} actions has {count} states, not {len(episode.states)}.")
        for name, rows in (("frames", episode.frames), ("scores", episode.scores)):
            if len(rows) not in (0, count):
                raise UserError(f"An episode of {len(episode)} actions has {count} moments, not {name} of {len(rows)}.")
    shapes = {
        (len(episode.scores[0]) if episode.scores else 0, len(episode.frames[0]) if episode.frames else 0)
        for episode in episodes
    }
    if len(shapes) > 1:
        raise UserError(f"Episodes of one file have one number of (sentences, cameras), not {sorted(shapes)}.")


def _opened(data: bytes) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if picture.width * picture.height > LARGEST_FRAME:
                raise BadExperience(f"A frame has {picture.width}x{picture.height} pixels: too many.")
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadExperience(f"A frame is no whole JPEG: {str(error)[:100]}") from None
