# SPDX-License-Identifier: Apache-2.0
"""What a collector met: episodes of states, actions, frames and what CLIP said of them."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from unified_agent.errors import UserError
from unified_agent.language.subgoals import OBJECTS
from unified_agent.recording import images
from unified_agent.state import Action, State

JPEG_QUALITY = 92
_FORMAT = "unified_agent experience 1"


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
        """The frames of a moment, RGB, uint8, shape (C, H, W, 3)."""
        return np.stack([np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in self.frames[moment]])


def compressed(frame: np.ndarray) -> bytes:
    """A frame (H, W, 3), RGB, uint8, as JPEG of the quality that is kept."""
    return images.compressed(frame, "jpeg", JPEG_QUALITY)


def save(episodes: Sequence[Episode], path: Path) -> None:
    """Write episodes as one safetensors file, whole or not at all.

    Tensors run over all moments (or actions) of all episodes one after another: ``objects`` (N, O, 3), ``tool``
    (N, 3), ``holding`` (N,), ``scores`` (N, M), ``actions`` (A, 2), ``jpeg`` bytes and where each image ``ends``
    (N, C). What is text is JSON in the file's metadata.
    """
    states = [state for episode in episodes for state in episode.states]
    images = [moments for episode in episodes for moments in episode.frames]
    ends = np.cumsum([len(image) for moments in images for image in moments], dtype=np.int64)
    tensors = {
        "objects": np.array([[state.objects[name] for name in OBJECTS] for state in states]),
        "tool": np.array([state.tool for state in states]),
        "holding": np.array([state.holding for state in states]),
        "scores": np.array([row for episode in episodes for row in episode.scores], dtype=np.float32),
        "actions": np.array([a for episode in episodes for a in episode.actions], dtype=float).reshape(-1, 2),
        "jpeg": np.frombuffer(b"".join(image for moments in images for image in moments), dtype=np.uint8),
        "ends": ends.reshape(len(images), len(images[0]) if images else 0),
    }
    keys = ("instruction", "sentences", "pursued", "done", "success")
    texts = [{key: getattr(episode, key) for key in keys} for episode in episodes]
    for text, episode in zip(texts, episodes, strict=True):
        text["provenance"] = None if episode.provenance is None else asdict(episode.provenance)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    save_file(
        tensors, partial, metadata={"format": _FORMAT, "objects": json.dumps(OBJECTS), "episodes": json.dumps(texts)}
    )
    partial.replace(path)


def load(path: Path, frames: bool = False) -> list[Episode]:
    """The episodes of a file; their pictures only with ``frames``.

    Raises:
        UserError: the file is none of ours, or broken.
    """
    try:
        with safe_open(path, "np") as file:
            texts = json.loads(file.metadata()["episodes"])
            names = json.loads(file.metadata()["objects"])
            wanted = ("objects", "tool", "holding", "scores", "actions", *(("jpeg", "ends") if frames else ()))
            tensors = {name: file.get_tensor(name) for name in wanted}
        return list(_episodes(texts, names, tensors))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"'{path}' cannot be read as experience ({error}): expected a file that 'unified-agent learn' wrote. "
            "Remove it, and the rest of the buffer can be used."
        ) from None


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
        text["sentences"] = tuple(text["sentences"])
        if told := text.get("provenance"):
            text["provenance"] = Provenance(told["clip"], tuple(map(float, told["thresholds"])), told["arm"])
        pictures = _images(tensors, moments) if len(tensors.get("ends", ())) else []
        yield Episode(
            **text,
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
