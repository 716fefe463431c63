# SPDX-License-Identifier: Apache-2.0
"""How fast recordings are relabelled, in how much memory, and what damaged ones do."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.recording.reader import BagReader
from unified_agent.topics import CAMERAS, image
from unified_agent.training.relabelling import Question, relabel
from unified_agent.training.relabelling.looking import FRAMES
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

RATE, SIZE = 10, 128
ROUNDS = 3


def relabel_profile(seconds: int = 60) -> dict:
    """A recording of two cameras at 128x128 and 10 Hz, in one process and one thread.

    The bare side is open_clip's own ``encode_image`` and one matrix product on the same frames, normalised and in
    memory, in batches of the same size. Times are those of the processor, which other work on the machine does not
    lengthen; ``wall`` tells how long relabelling took by the clock. Both sides take turns, and the best of each counts.

    Returns:
        ``frames_per_second`` of relabelling (copy, table, summary and thumbnails), ``bare_frames_per_second``, their
        ``ratio``, ``real_time_factor``, ``wall`` seconds; ``ratio_labels_only`` and ``real_time_factor_labels_only``
        of the same without a copy; and the peak memory of the command, for this recording and for one ten times as
        long, in MB.
    """
    torch.set_num_threads(1)
    clip = Clip.load(device="cpu")
    detector = Detector(clip, SENTENCES)
    with tempfile.TemporaryDirectory(prefix="unified_agent_") as name:
        folder = Path(name)
        short, long = (_record(folder / "run" / f"{length}s", length) for length in (seconds, 10 * seconds))
        batches, texts = _ready(clip, seconds * RATE), clip.encode_text(SENTENCES).T.contiguous()
        ours, labels, bare, wall = [], [], [], []
        for number in range(ROUNDS):
            begin, wall_begin = time.process_time(), time.monotonic()
            relabel(short, folder / f"out{number}", detector, Question())
            ours.append(time.process_time() - begin)
            wall.append(time.monotonic() - wall_begin)
            begin = time.process_time()
            relabel(short, folder / f"labels{number}", detector, Question(copies=False))
            labels.append(time.process_time() - begin)
            begin = time.process_time()
            with torch.inference_mode():
                for pixels in batches:
                    (clip.model.encode_image(pixels, normalize=True) @ texts).numpy()
            bare.append(time.process_time() - begin)
        memory = [_memory(bag, folder / "memory" / bag.name) for bag in (short, long)]
    frames = len(CAMERAS) * RATE * seconds
    return {
        "frames_per_second": frames / min(ours),
        "bare_frames_per_second": frames / min(bare),
        "ratio": min(bare) / min(ours),
        "real_time_factor": seconds / min(ours),
        "ratio_labels_only": min(bare) / min(labels),
        "real_time_factor_labels_only": seconds / min(labels),
        "wall": min(wall),
        "memory": memory[0],
        "memory_ten_times_longer": memory[1],
    }


def damage_profile(bags: int = 200) -> dict:
    """Recordings with bytes flipped, cut, overwritten or swapped, relabelled.

    Returns:
        ``whole`` (nothing was lost), ``lossy`` (something was, and it was told), ``refused`` (with a reason),
        ``crashed`` (an error that is no explanation), ``unsaid`` (messages are missing and nothing was told) and
        ``half`` (output that looks whole of a recording that was refused).
    """
    detector = Detector(Clip.load(device="cpu"), SENTENCES)
    found = dict.fromkeys(("whole", "lossy", "refused", "crashed", "unsaid", "half"), 0)
    with tempfile.TemporaryDirectory(prefix="unified_agent_") as name:
        folder = Path(name)
        whole = _record(folder / "run" / "whole", 4)
        other = _record(folder / "run" / "other", 2)
        count = sum(1 for _ in BagReader(whole).messages())
        for number in range(bags):
            bag = folder / "run" / f"damaged_{number:03d}"
            shutil.copytree(whole, bag)
            _damage(bag, other, random.Random(number))
            out = folder / "out"
            try:
                labels = relabel(bag, out, detector, Question())
            except UserError:
                found["refused"] += 1
                found["half"] += any((out / "run").glob("*"))
            except Exception:
                found["crashed"] += 1
            else:
                read = sum(1 for _ in BagReader(bag).messages())
                found["lossy" if labels.lost else "whole"] += 1
                found["unsaid"] += read != count and not labels.lost
            shutil.rmtree(bag)
            shutil.rmtree(out, ignore_errors=True)
    return found


def _damage(bag: Path, other: Path, chance: random.Random) -> None:
    path = chance.choice(sorted(bag.iterdir()))
    data = bytearray(path.read_bytes())
    kind = chance.choice(("flip", "flip many", "cut", "zero", "empty", "swap", "gone"))
    if kind in ("flip", "flip many"):
        for _ in range(1 if kind == "flip" else 50):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[chance.randrange(len(data)) :]
    elif kind == "zero":
        begin = chance.randrange(len(data))
        data[begin : begin + 4096] = bytes(len(data[begin : begin + 4096]))
    elif kind == "empty":
        data.clear()
    elif kind == "swap":
        data = bytearray(next(other.glob(f"*{path.suffix}")).read_bytes())
    path.write_bytes(data)
    if kind == "gone":
        path.unlink()


def _record(folder: Path, seconds: int) -> Path:
    types = common_types().types
    with BagWriter(folder) as bag:
        for camera in CAMERAS:
            bag.add_topic(image(camera), IMAGE)
        for tick in range(seconds * RATE):
            time_ns = NANO + tick * NANO // RATE
            stamp = types["builtin_interfaces/msg/Time"](sec=time_ns // NANO, nanosec=time_ns % NANO)
            for side, camera in enumerate(CAMERAS):
                header = types["std_msgs/msg/Header"](stamp=stamp, frame_id=camera)
                pixels = _frame(2 * tick + side).reshape(-1)
                bag.write(image(camera), encode(types[IMAGE](header, SIZE, SIZE, "rgb8", 0, 3 * SIZE, pixels)), time_ns)
    return folder


def _frame(number: int) -> np.ndarray:
    """Coarse random colours with a little noise: compressed about as well as a rendered picture."""
    chance = np.random.default_rng(number)
    coarse = chance.integers(0, 250, (8, 8, 3), dtype=np.uint8).repeat(SIZE // 8, 0).repeat(SIZE // 8, 1)
    return coarse + chance.integers(0, 4, (SIZE, SIZE, 3), dtype=np.uint8)


def _ready(clip: Clip, moments: int) -> list[torch.Tensor]:
    """The frames of a recording as open_clip's image tower takes them, in batches."""
    transform = image_transform_v2(PreprocessCfg(**clip.model.visual.preprocess_cfg), is_train=False)
    pixels = [transform(Image.fromarray(_frame(number))) for number in range(len(CAMERAS) * moments)]
    size = FRAMES["cpu"]
    return [
        torch.stack(pixels[first : first + size]).contiguous(memory_format=torch.channels_last)
        for first in range(0, len(pixels), size)
    ]


def _memory(bag: Path, out: Path) -> float:
    """Peak memory of the command, megabytes."""
    command = [sys.executable, "-m", "unified_agent.cli", "relabel", str(bag), "--out", str(out), "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    # Not getrusage: its peak goes back to before the exec, and so to this process's own memory.
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))])
        time.sleep(0.05)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1024
