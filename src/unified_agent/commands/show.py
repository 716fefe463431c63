# SPDX-License-Identifier: Apache-2.0
"""``unified-agent show BAG``: a recording as a video, as one picture, or for the Rerun viewer."""

import argparse
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError


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


def run(arguments: argparse.Namespace) -> dict:
    """Draw, and say what the recording is about."""
    from unified_agent.recording.cameras import image_topics
    from unified_agent.recording.contact_sheet import contact_sheet
    from unified_agent.recording.film import film
    from unified_agent.recording.history import History
    from unified_agent.recording.reader import BagReader
    from unified_agent.recording.rerun_log import rerun_log

    reader = BagReader(arguments.bag)
    out = arguments.out or Path(f"{reader.name}.show.mp4")
    if out.suffix not in (".mp4", ".png", ".rrd"):
        raise UserError(f"--out ends in .mp4 (a video), .png (a contact sheet) or .rrd (for Rerun), not '{out.name}'.")
    if arguments.rate < 1 or arguments.moments < 1:
        raise UserError("--rate and --moments are 1 or more.")
    topics = image_topics(reader, tuple(arguments.image_topic))
    partial = out.with_name(f".{out.stem}.partial{out.suffix}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".png":
            drawn = contact_sheet(reader, topics, partial, arguments.moments)
        else:
            with tqdm(total=reader.size, unit="B", unit_scale=True, desc="show") as progress:
                if out.suffix == ".rrd":
                    drawn = rerun_log(reader, topics, partial, progress.update)
                else:
                    drawn = film(reader, topics, partial, arguments.rate, progress.update)
        if not drawn:
            raise UserError(f"{arguments.bag} has no frame of {' and '.join(topics)} that can be shown.")
        partial.replace(out)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    facts = History.of(reader).facts
    print(f"instruction  {facts.instruction or '(none)'}")
    for number, sentence in enumerate(facts.plan):
        print(f"{'plan' if number == 0 else '':12} {sentence}")
    for pursuit in facts.pursuits:
        when = "not reached" if pursuit.reached is None else f"reached after {pursuit.reached - pursuit.pursued:.1f} s"
        print(f"pursued      {pursuit.sentence}: {when}")
    print(f"result       {facts.result or '(none)'}")
    for line in reader.losses:
        print(f"lost         {line}")
    print(f"wrote        {out}")
    return {"ok": True, "out": str(out), "frames": drawn, "result": facts.result, "lost": reader.losses}
