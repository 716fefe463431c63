# SPDX-License-Identifier: Apache-2.0
"""What the agent saw, wanted and believed, drawn on one picture: frames, caption, plan and scores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from unified_agent.documents import one_line
from unified_agent.recording.palette import BACKGROUND, CURRENT, FAINT, LOW, TEXT, TRUE
from unified_agent.recording.scores import Score
from unified_agent.recording.timeline import Timeline

FRAME_SIZE = 384
MARGIN = 12
LINE = 20
HEADER = 2 * LINE + MARGIN
BAR = 84


@dataclass
class PlanProgress:
    """Which entries of a plan are reached, followed from what the graph says.

    Attributes:
        sentences: the plan, in order.
        reached: how many entries, from the first, are reached.
    """

    sentences: Sequence[str] = ()
    reached: int = 0

    def pursue(self, sentence: str) -> None:
        """``sentence`` is being pursued now: where it was reached before, it was lost, and all after it."""
        if sentence in self.sentences[: self.reached]:
            self.reached = self.sentences.index(sentence)

    def reach(self, sentence: str) -> None:
        """``sentence`` came true in the picture."""
        if self.reached < len(self.sentences) and self.sentences[self.reached] == sentence:
            self.reached += 1


@dataclass
class Scene:
    """Everything that is drawn.

    Attributes:
        frames: camera name -> uint8 RGB (H, W, 3), drawn from left to right.
        instruction: what the person asked for.
        progress: of the plan.
        caption: the best sentence for the newest frames.
        scores: sentence -> `Score`.
        time: of the frames, seconds.
        outcome: ``success`` or ``failure: <why>`` once the episode ended.
        timeline: scores over the whole recording, below the rest, where they are known beforehand.
        start: time of the recording at which ``time`` was 0, seconds; for the timeline.
        box: height of the room for the frames, pixels; a frame keeps its shape in it.
    """

    frames: Mapping[str, np.ndarray]
    instruction: str = ""
    progress: PlanProgress = field(default_factory=PlanProgress)
    caption: str = ""
    scores: Mapping[str, Score] = field(default_factory=dict)
    time: float = 0.0
    outcome: str = ""
    timeline: Timeline | None = None
    start: float | None = None
    box: int = FRAME_SIZE


def width(cameras: int) -> int:
    """Of the picture of so many cameras, pixels."""
    return FRAME_SIZE * max(2, cameras)


def height(frames: Iterable[np.ndarray], across: int = FRAME_SIZE) -> int:
    """Of the room, so many pixels wide, in which none of these frames is made smaller than its width needs; even."""
    tallest = max((across * frame.shape[0] / frame.shape[1] for frame in frames), default=across)
    return 2 * round(min(max(tallest, across / 4), across) / 2)


def fitted(frame: np.ndarray, across: int, high: int) -> Image.Image:
    """A frame (uint8 RGB (H, W, 3)) as large as it can be in a room of that size, in its own shape, in the middle."""
    room = Image.new("RGB", (across, high), BACKGROUND)
    rows, columns = frame.shape[:2]
    scale = min(across / columns, high / rows)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    # Large pictures are halved first, which costs little.
    picture = Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    room.paste(picture, ((across - size[0]) // 2, (high - size[1]) // 2))
    return room


def draw(scene: Scene) -> np.ndarray:
    """The picture of a scene, uint8 RGB (H, W, 3); H and W are even and depend on the number of cameras and ``box``.

    The panel below the frames has room for the vocabulary's twelve sentences; more are left out.
    """
    across = width(len(scene.frames))
    high = HEADER + scene.box + LINE * 13 + MARGIN
    picture = Image.new("RGB", (across, high - high % 2), BACKGROUND)
    canvas = ImageDraw.Draw(picture)
    _header(canvas, scene, across)
    for column, (name, frame) in enumerate(scene.frames.items()):
        corner = (column * FRAME_SIZE, HEADER)
        picture.paste(fitted(frame, FRAME_SIZE, scene.box), corner)
        canvas.text((corner[0] + MARGIN, HEADER + 6), fit(name, FRAME_SIZE - 2 * MARGIN, 14), TEXT, font(14))
    top = HEADER + scene.box + MARGIN // 2
    _plan(canvas, scene.progress, (MARGIN, top), across // 2 - 2 * MARGIN)
    _scores(canvas, scene.scores, (across // 2, top), across // 2 - MARGIN)
    drawn = np.asarray(picture)
    if scene.timeline is None:
        return drawn
    return np.concatenate([drawn, scene.timeline.at((scene.start or 0.0) + scene.time)])


def _header(canvas: ImageDraw.ImageDraw, scene: Scene, width: int) -> None:
    canvas.text((MARGIN, 6), fit(f"“{scene.instruction}”", width - 2 * MARGIN - 80, 18), TEXT, font(18))
    canvas.text((width - MARGIN, 8), f"{scene.time:.1f} s", FAINT, font(14), anchor="ra")
    if scene.outcome:
        colour = TRUE if scene.outcome == "success" else CURRENT
        canvas.text((MARGIN, 6 + LINE + 4), fit(scene.outcome, width - 2 * MARGIN, 14), colour, font(14))
    else:
        canvas.text((MARGIN, 6 + LINE + 4), fit(f"I see: {scene.caption}", width - 2 * MARGIN, 14), FAINT, font(14))


def _plan(canvas: ImageDraw.ImageDraw, progress: PlanProgress, corner: tuple[int, int], width: int) -> None:
    x, y = corner
    canvas.text((x, y), "plan", FAINT, font(13))
    for number, sentence in enumerate(progress.sentences[:11]):
        y += LINE
        done, current = number < progress.reached, number == progress.reached
        colour = TRUE if done else CURRENT if current else FAINT
        if done:
            canvas.line([(x, y + 9), (x + 4, y + 13), (x + 11, y + 4)], colour, 2)
        else:
            canvas.ellipse([x + 2, y + 5, x + 10, y + 13], outline=colour, width=2)
        canvas.text((x + LINE, y), fit(sentence, width - LINE, 14), colour, font(14))


def _scores(canvas: ImageDraw.ImageDraw, scores: Mapping[str, Score], corner: tuple[int, int], width: int) -> None:
    """Bars from 0 to 1, a tick at the threshold."""
    x, y = corner
    canvas.text((x, y), "score", FAINT, font(13))
    left = x + width - BAR
    for sentence, score in list(scores.items())[:12]:
        y += LINE
        canvas.text((x, y), fit(sentence, width - BAR - 8, 13), TEXT if score.over else FAINT, font(13))
        filled = int(BAR * min(max(score.value, 0.0), 1.0))
        canvas.rectangle([left, y + 4, left + filled, y + 14], TRUE if score.over else LOW)
        canvas.rectangle([left, y + 4, left + BAR, y + 14], outline=FAINT)
        tick = left + int(BAR * min(max(score.gamma, 0.0), 1.0))
        canvas.line([(tick, y + 1), (tick, y + 17)], TEXT, 1)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font of all texts; ``size`` in pixels."""
    return ImageFont.load_default(size)


def fit(text: str, width: int, size: int) -> str:
    """``text`` on one line, shortened to ``width`` pixels."""
    return _fit(one_line(text), width, size)


@lru_cache(maxsize=4096)
def _fit(text: str, width: int, size: int) -> str:
    if font(size).getlength(text) <= width:
        return text
    while text and font(size).getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
