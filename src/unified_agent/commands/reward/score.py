# SPDX-License-Identifier: Apache-2.0
"""``unified-agent reward score``: the reward of every moment of recordings and datasets, with a picture of each."""

import argparse
from pathlib import Path

from unified_agent.commands.reward.options import add_clip, add_goal, goal
from unified_agent.errors import UserError, in_range

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verb's arguments."""
    parser.add_argument(
        "bags", nargs="+", type=Path, metavar="BAG", help="recording, LeRobot dataset, or a folder of them"
    )
    add_goal(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for tables, pictures, /reward and summaries"
    )
    add_clip(parser)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of CLIP (%(default)s)")
    parser.add_argument(
        "--threshold", type=float, help="cosine over which the goal counts as reached; else that of the model's card"
    )
    parser.add_argument(
        "--image-topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="to look at (of a dataset: a camera); again for another camera",
    )
    parser.add_argument("--tolerance", type=float, default=0.1, help="seconds between frames of one moment, at most")


def run(arguments: argparse.Namespace) -> dict:
    """Reward every recording, show how it went, and go on where one cannot be read."""
    import torch

    from unified_agent.training.relabelling.summary import grouped
    from unified_agent.training.reward.datasets import Episodes
    from unified_agent.training.reward.evidence import Cameras
    from unified_agent.training.reward.rewards import Rewards
    from unified_agent.vision.clip import Clip
    from unified_agent.vision.judging import Judge

    in_range("--threads", arguments.threads, 1, 1024)
    in_range("--tolerance", arguments.tolerance, 0.0, 60.0)
    wanted = goal(arguments)
    which = Cameras(tuple(dict.fromkeys(arguments.image_topic)), arguments.tolerance)
    bags, folders, own, failed = _found(arguments)
    episodes = Episodes(folders)
    failed |= episodes.failed
    if not bags and not list(episodes):
        raise UserError(" ".join(dict.fromkeys(failed.values())) or _only_copies(own))
    torch.set_num_threads(arguments.threads)
    judge = Judge(Clip.load(arguments.clip, arguments.device), wanted, arguments.threshold)
    with Rewards(arguments.out, bags, episodes, judge, which, arguments.clip) as rewards:
        failed |= _score(rewards)
        datasets = rewards.write_whole_tables()
        found = {rewards.names[source]: one for source, one in rewards.done.items()}
        for line in _told(found):
            print(_printable(line))
        for line in filter(None, (judge.doubts(), *judge.reshaped)):
            print(line)
        for line in grouped("left out or lost", {name: "; ".join(one.lost) for name, one in found.items() if one.lost}):
            print(_printable(line))
        for line in grouped("failed", failed):
            print(_printable(line))
        if own:
            print(f"left out: {len(own)} copies and rewards of ours among the recordings")
        print(f"-> {rewards.folder.path}: of each recording a table (.csv), a picture (.png), a summary (.json)")
        if bags:
            print("   and /reward as a bag of its own: ros2 bag play -i RECORDING -i REWARD (before Jazzy: merge them")
            print("   with ros2 bag convert)")
        for path in datasets:
            print(f"   {path}: for LeRobot, as rabc_progress_path; progress is 0 to 1 over the whole dataset")
    sound = [name for name, one in found.items() if not (one.still or one.strange)]
    return {
        "ok": not failed and bool(sound),
        "rewarded": {name: _figures(one) for name, one in found.items()},
        "datasets": list(map(str, datasets)),
        "left_out": list(map(str, own)),
        "failed": failed,
    }


def _found(arguments: argparse.Namespace) -> tuple[list[Path], list[Path], list[Path], dict[str, str]]:
    """Recordings, datasets, copies of ours that are left out, and what failed: path -> why."""
    from unified_agent.training.relabelling.found import recordings_at
    from unified_agent.training.reward.datasets import datasets_at

    datasets = datasets_at(arguments.bags)
    folders = list(dict.fromkeys(one for below in datasets.values() for one in below))
    others = [path for path in datasets if path.expanduser().resolve() not in folders]
    recordings = recordings_at(others, arguments.out)
    failed = {path: why for path, why in recordings.failed.items() if not datasets[Path(path)]}
    return recordings.bags, folders, recordings.own, failed


def _score(rewards) -> dict[str, str]:
    """Look at all that is not done; recording -> why it could not be."""
    from tqdm import tqdm

    from unified_agent.training.relabelling.observers import LookFailure

    waiting, failed, begin = rewards.waiting, {}, 0
    if len(waiting) < len(rewards.names):
        there = len(rewards.names) - len(waiting)
        print(f"{there} of {len(rewards.names)} recordings were looked at before, and have not changed")
    try:
        with tqdm(total=sum(waiting.values()), unit="B", unit_scale=True, desc="reward score", disable=None) as bar:
            for number, (source, bytes_) in enumerate(waiting.items(), 1):
                answer = rewards.score(source, bar.update)
                if isinstance(answer, LookFailure):
                    failed[str(source)] = answer.cause
                    if answer.fatal:
                        raise UserError(f"{rewards.folder.path} cannot be written: {answer.cause}. {_go_on(rewards)}")
                begin += bytes_
                bar.set_postfix_str(f"{number} of {len(waiting)}", refresh=False)
                bar.update(begin - bar.n)
    except KeyboardInterrupt:
        rewards.write_whole_tables()
        print(_go_on(rewards))
        raise
    return failed


def _told(found: dict) -> list[str]:
    """A line a recording, and what is doubtful."""
    lines = []
    for name, one in list(found.items())[:SHOWN]:
        lines.append(
            f"{name}: {one.moments} moments of {' and '.join(one.cameras)}: reward {one.lowest:.4f} to "
            f"{one.highest:.4f}, mean {one.mean:.4f}, highest at {one.highest_at:.2f} s; over the "
            f"threshold in {one.over}"
        )
    if len(found) > SHOWN:
        lines.append(f"... and {len(found) - SHOWN} more recordings")
    for doubtful, what in (
        ([name for name, one in found.items() if one.strange], _STRANGE),
        ([name for name, one in found.items() if one.still], _STILL),
    ):
        if doubtful:
            more = f" and {len(doubtful) - 3} more" if len(doubtful) > 3 else ""
            lines.append(f"warning: {len(doubtful)} of {len(found)} ({', '.join(doubtful[:3])}{more}) {what}")
    return lines


_STRANGE = "show for the most part a scene that this CLIP does not know: the reward there is a guess"
_STILL = "have a reward that never moves: is the picture black, or always the same?"


def _figures(one) -> dict:
    return {
        "moments": one.moments,
        "unfamiliar": one.unfamiliar,
        "over": one.over,
        "lowest": one.lowest,
        "highest": one.highest,
        "mean": one.mean,
        "lost": one.lost,
    }


def _go_on(rewards) -> str:
    return f"{len(rewards.done)} of {len(rewards.names)} recordings are done: the same command goes on with the others."


def _only_copies(own: list[Path]) -> str:
    return f"Nothing but copies and rewards of ours was given ({own[0]}): give recordings."


def _printable(line: str) -> str:
    """Names of files may hold bytes that are no text, and letters that move the cursor."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line)
