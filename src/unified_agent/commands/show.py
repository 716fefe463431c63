# SPDX-License-Identifier: Apache-2.0
"""``unified-agent show BAG``: a recording as a video, as one picture, or for the Rerun viewer."""

import argparse
import os
import stat
import tempfile
from pathlib import Path

from tqdm import tqdm

from unified_agent.documents import one_line
from unified_agent.errors import UserError, in_range
from unified_agent.folders import refuse_overlap

MAKER = "made by unified-agent show"
"""Written into videos and pictures: these may be made again."""
RATES, MOMENTS = (1, 120), (1, 200)
# Lines of a plan, and of what was pursued, that are printed.
_PRINTED = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("bag", type=Path, metavar="BAG", help="rosbag2 directory or file")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=".mp4: a video; .png: a contact sheet; .rrd: for the Rerun viewer (default: <bag>.show.mp4 where you are)",
    )
    parser.add_argument("--rate", type=int, default=10, help="of a video, frames a second")
    parser.add_argument("--moments", type=int, default=8, help="of a contact sheet")
    parser.add_argument(
        "--image-topic", action="append", default=[], metavar="TOPIC", help="to show; again for another camera"
    )
    parser.add_argument("--tolerance", type=float, default=0.1, help="seconds between frames of one moment, at most")
    parser.add_argument(
        "--max-megapixels", type=float, default=25.0, metavar="N", help="larger pictures are refused unseen"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Draw, and say what the recording is about and what of it was not shown."""
    from unified_agent.recording.cameras import choose
    from unified_agent.recording.facts import FILE, EpisodeFacts
    from unified_agent.recording.history import History
    from unified_agent.recording.reader import BagReader

    _check(arguments)
    reader = BagReader(arguments.bag)
    out = arguments.out or Path(f"{reader.name}.show.mp4")
    _check_out(out, arguments.bag)
    choice = choose(reader, tuple(arguments.image_topic))
    left_out = list(choice.left_out)
    drawn = _drawn(reader, choice.names, out, arguments, left_out)
    history = History.of(reader)
    left_out = list(dict.fromkeys([*left_out, *history.left_out]))
    facts, troubles = history.facts, []
    if (arguments.bag / FILE).exists():
        try:
            troubles = EpisodeFacts.read(arguments.bag).troubles
        except UserError as error:
            troubles = [one_line(str(error))]
    print(f"cameras      {', '.join(choice.names)}")
    print(f"instruction  {one_line(facts.instruction) or '(none)'}")
    pursued = [
        f"{one_line(pursuit.sentence)}: "
        + ("not reached" if pursuit.reached is None else f"reached after {pursuit.reached - pursuit.pursued:.1f} s")
        for pursuit in facts.pursuits[:_PRINTED]
    ]
    _print("plan", map(one_line, facts.plan[:_PRINTED]), len(facts.plan))
    _print("pursued", pursued, len(facts.pursuits))
    print(f"result       {one_line(facts.result) or '(none)'}")
    for word, lines in (("recorded", troubles), ("left out", left_out), ("lost", reader.losses)):
        for line in lines:
            print(f"{word:12} {one_line(line, 600)}")
    print(f"wrote        {out}")
    return {
        "ok": True,
        "out": str(out),
        "cameras": choice.names,
        "frames": drawn,
        "result": facts.result,
        "recorded": troubles,
        "left_out": left_out,
        "lost": reader.losses,
    }


def _drawn(reader, topics: tuple[str, ...], out: Path, arguments: argparse.Namespace, left_out: list[str]) -> int:
    """Write ``out``, whole or not at all; the frames in it. What was left out is added to ``left_out``."""
    import av

    from unified_agent.recording.cameras import RecordedCameras
    from unified_agent.recording.contact_sheet import contact_sheet
    from unified_agent.recording.film import film
    from unified_agent.recording.rerun_log import rerun_log

    used: list[RecordedCameras] = []

    def cameras() -> RecordedCameras:
        used.append(RecordedCameras(reader, topics, arguments.tolerance, round(arguments.max_megapixels * 1_000_000)))
        return used[-1]

    partial = None
    try:
        partial = _partial(out)
        if out.suffix == ".png":
            drawn = contact_sheet(reader, topics, partial, arguments.moments, cameras, MAKER)
        else:
            with tqdm(total=reader.size, unit="B", unit_scale=True, desc="show") as progress:
                if out.suffix == ".rrd":
                    drawn = rerun_log(reader, topics, partial, progress.update, cameras(), left_out.append)
                else:
                    rate = arguments.rate
                    drawn = film(reader, topics, partial, rate, progress.update, cameras(), left_out.append, MAKER)
        if not drawn:
            raise used[-1].nothing()
        left_out += used[-1].told
        partial.replace(out)
    except (OSError, av.error.FFmpegError) as error:
        raise UserError(f"{out} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
    return drawn


def _check(arguments: argparse.Namespace) -> None:
    for name, value, (least, most) in (
        ("--rate", arguments.rate, RATES),
        ("--moments", arguments.moments, MOMENTS),
        ("--tolerance", arguments.tolerance, (0.0, 3600.0)),
        ("--max-megapixels", arguments.max_megapixels, (0.001, 1000.0)),
    ):
        in_range(name, value, least, most)


def _check_out(out: Path, bag: Path) -> None:
    """That nothing is overwritten but what this command made before.

    Raises:
        UserError: what is wrong with the place.
    """
    from unified_agent.recording import contact_sheet, video

    if out.suffix not in (".mp4", ".png", ".rrd"):
        raise UserError(f"--out ends in .mp4 (a video), .png (a contact sheet) or .rrd (for Rerun), not '{out.name}'.")
    refuse_overlap(out, [bag])
    try:
        found = out.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}") from None
    makers = {".mp4": video.maker_of, ".png": contact_sheet.maker_of}
    ours = stat.S_ISREG(found.st_mode) and out.suffix in makers and makers[out.suffix](out) == MAKER
    if not ours:
        raise UserError(
            f"{out} is there already, and nothing in it says that 'show' made it: it is not overwritten. Give another."
        )


def _partial(out: Path) -> Path:
    """A new, empty file beside ``out``, which takes its name when it is whole."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{out.stem[:60]}.", suffix=f".partial{out.suffix}", dir=out.parent)
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(handle, 0o666 & ~mask)
    os.close(handle)
    return Path(name)


def _print(word: str, lines, count: int) -> None:
    """``word`` before the first of the lines; of more than are printed, how many there are."""
    for number, line in enumerate(lines):
        print(f"{word if number == 0 else '':12} {line}")
    if count > _PRINTED:
        print(f"{'':12} ... {count} in all")
