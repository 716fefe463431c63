# SPDX-License-Identifier: Apache-2.0
"""``unified-agent relabel``: recordings scored against new sentences, without a running graph."""

import argparse
from pathlib import Path

import yaml
from tqdm import tqdm

from unified_agent.device import DEVICES
from unified_agent.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "bags", nargs="+", type=Path, metavar="BAG", help="rosbag2 directory or file, or a folder of them"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the labelled copies")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--sentences",
        type=Path,
        metavar="FILE",
        help="a sentence a line; or YAML (.yaml): a list, or a mapping of sentences to thresholds",
    )
    asked.add_argument("--task", help="the sub-goals of a task (stack_red_on_blue, ...)")
    asked.add_argument("--instruction", help="the plan that the planner makes of this")
    parser.add_argument("--planner", default="smollm2", help="with --instruction: the language model")
    parser.add_argument("--clip", default="default", metavar="MODEL", help="CLIP: as 'clip_model' of the captioner")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="where CLIP computes")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of CLIP")
    parser.add_argument(
        "--threshold", type=float, help="cosine in [-1, 1] for sentences without one of their own on the model's card"
    )
    parser.add_argument(
        "--image-topic", action="append", default=[], metavar="TOPIC", help="to score; again for another camera"
    )
    parser.add_argument(
        "--steady-seconds", type=float, default=0.2, help="a sentence that was true for so long was reached"
    )
    parser.add_argument("--tolerance", type=float, default=0.1, help="seconds between frames of one moment, at most")
    parser.add_argument(
        "--buffer", type=Path, metavar="DIR", help="add what was picked and placed to this buffer of 'learn'"
    )
    parser.add_argument("--arm", default="fr3", help="with --buffer: the arm that was recorded, a name in config/arms")


def run(arguments: argparse.Namespace) -> dict:
    """Label every bag, show what was found, and go on where one cannot be read."""
    import torch

    from unified_agent.recording.reader import BagReader, find_bags
    from unified_agent.training.policy.buffer import Buffer
    from unified_agent.training.relabelling import Question, place, relabel
    from unified_agent.vision.clip import Clip
    from unified_agent.vision.detector import Detector

    bags = list(dict.fromkeys(bag for path in arguments.bags for bag in find_bags(path)))
    places = {place(bag, arguments.out) for bag in bags}
    if len(places) < len(bags):
        raise UserError("Two of the bags have the same name in folders of the same name: relabel them one by one.")
    sentences, thresholds = _sentences(arguments)
    torch.set_num_threads(max(1, arguments.threads))
    clip = Clip.load(arguments.clip, arguments.device)
    if arguments.threshold is not None:
        known = clip.card.get("thresholds", {}) | thresholds
        thresholds |= {sentence: arguments.threshold for sentence in sentences if sentence not in known}
    detector = Detector(clip, sentences, thresholds)
    question = Question(arguments.clip, tuple(arguments.image_topic), arguments.steady_seconds, arguments.tolerance)
    buffer = Buffer(arguments.buffer) if arguments.buffer else None
    labelled, failed, sizes = {}, {}, {}
    for bag in bags:
        try:
            sizes[bag] = BagReader(bag).size
        except UserError as error:
            failed[str(bag)] = str(error)
    with tqdm(total=sum(sizes.values()), unit="B", unit_scale=True, desc="relabel") as progress:
        for bag in sizes:
            begin = progress.n
            try:
                labels = relabel(bag, arguments.out, detector, question, progress.update)
            except UserError as error:
                failed[str(bag)] = str(error)
            else:
                labelled[str(bag)] = labels
                progress.write(_told(labels, place(bag, arguments.out)))
                if buffer is not None:
                    progress.write(f"  buffer: {_remember(place(bag, arguments.out), arguments, buffer, clip)}")
            progress.update(begin + sizes[bag] - progress.n)
    for bag, why in failed.items():
        print(f"failed: {bag}: {why}")
    return {
        "ok": not failed,
        "labelled": {
            bag: {"frames": one.frames, "reached": one.reached, "lost": one.lost} for bag, one in labelled.items()
        },
        "failed": failed,
    }


def _remember(copy: Path, arguments: argparse.Namespace, buffer, clip) -> str:
    """Add a labelled copy's demonstrations to the buffer, under a name of its own; what was added, or why not."""
    from unified_agent.robot.arm import Arm
    from unified_agent.training.policy.bag_experience import Eyes, experience_of
    from unified_agent.training.policy.recorded import Names, RecordedBag

    try:
        names = Names(image_topics=tuple(arguments.image_topic), tolerance=arguments.tolerance)
        found = experience_of(RecordedBag(copy, names), Arm.load(arguments.arm), Eyes(clip))
    except UserError as error:
        return f"nothing: {error}"
    if not found.episodes:
        return f"nothing: {'; '.join(found.notes) or 'no decision lies between two whole moments'}"
    path = buffer.write(f"bag_{copy.parent.name}_{copy.name}", found.episodes)
    return f"{sum(map(len, found.episodes))} demonstrations -> {path}"


def _sentences(arguments: argparse.Namespace) -> tuple[list[str], dict[str, float]]:
    """What is asked, and the thresholds that the user gave with it."""
    if arguments.sentences is not None:
        return _read(arguments.sentences)
    if arguments.task is not None:
        from unified_agent.sim import tasks

        return [goal.sentence for goal in tasks.get(arguments.task).goals], {}
    if arguments.instruction is not None:
        from unified_agent.language.planner import Planner

        plan = Planner.load(arguments.planner, arguments.device).plan(arguments.instruction)
        return [goal.sentence for goal in plan.subgoals], {}
    from unified_agent.language.subgoals import SENTENCES

    return list(SENTENCES), {}


def _read(path: Path) -> tuple[list[str], dict[str, float]]:
    try:
        text = path.read_text()
        content = yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else text.splitlines()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"The sentences in {path} cannot be read: {error}") from None
    lines = content if isinstance(content, (list, dict)) else []
    thresholds = content if isinstance(content, dict) else {}
    sentences = [" ".join(line.split()) for line in lines if isinstance(line, str) and line.strip()]
    if not sentences or not all(isinstance(gamma, (int, float)) for gamma in thresholds.values()):
        raise UserError(
            f"Expected sentences in {path}: one a line, or in YAML a list, or a mapping of sentences to thresholds."
        )
    return sentences, {" ".join(sentence.split()): float(gamma) for sentence, gamma in thresholds.items()}


def _told(labels, where: Path) -> str:
    lines = [f"{labels.source}: {labels.frames} moments of {' and '.join(labels.image_topics)} -> {where}"]
    for sentence, times in labels.reached.items():
        when = ", ".join(f"{time:.2f} s" for time in times[:5]) + (", ..." if len(times) > 5 else "")
        lines.append(
            f"  {sentence}: " + (f"came true at {when}" if times else f"never (best {labels.best[sentence]:.2f})")
        )
    if labels.alone or labels.refused:
        lines.append(f"  left out: {labels.alone} frames without a partner, {labels.refused} that are no picture")
    lines += [f"  lost: {line}" for line in labels.lost]
    return "\n".join(lines)
