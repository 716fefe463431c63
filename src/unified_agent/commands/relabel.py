# SPDX-License-Identifier: Apache-2.0
"""``unified-agent relabel``: recordings scored against new sentences, without a running graph."""

import argparse
import os
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from unified_agent.device import DEVICES
from unified_agent.documents import BadDocument, read_text, yaml_of
from unified_agent.errors import UserError

MOST_SENTENCES = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "bags", nargs="+", type=Path, metavar="BAG", help="rosbag2 directory or file, or a folder of them"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the labels, the table and the copies"
    )
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
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of CLIP in each process")
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
    parser.add_argument("--labels-only", action="store_true", help="write no copies of the recordings")
    parser.add_argument(
        "--thumbnails", type=int, default=100, metavar="N", help="pictures of the best finds of each sentence, at most"
    )
    parser.add_argument(
        "--trust-unfamiliar",
        action="store_true",
        help="hold sentences true also in scenes that the model does not know",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes; by default one a core where there is much to do"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="look on a Ray cluster instead, or 'local'; files lie at the same place everywhere",
    )
    parser.add_argument(
        "--buffer", type=Path, metavar="DIR", help="add what was picked and placed to this buffer of 'learn'"
    )
    parser.add_argument(
        "--arm", default="default", help="with --buffer: the arm that was recorded, a name in config/arms"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Look at every recording, show what was found, and go on where one cannot be read."""
    import torch

    from unified_agent.training.relabelling.found import recordings_at
    from unified_agent.training.relabelling.observers import LookEquipment, model_of
    from unified_agent.training.relabelling.question import Question
    from unified_agent.training.relabelling.search import Search
    from unified_agent.training.relabelling.summary import told
    from unified_agent.vision.clip import Clip
    from unified_agent.vision.detector import Detector

    if arguments.buffer and arguments.labels_only:
        raise UserError("--buffer reads labelled copies: leave out --labels-only.")
    if arguments.jobs is not None and arguments.jobs < 1:
        raise UserError(f"--jobs is a number of processes from 1, not {arguments.jobs}.")
    question = Question(
        arguments.clip,
        tuple(dict.fromkeys(arguments.image_topic)),
        arguments.steady_seconds,
        arguments.tolerance,
        not arguments.labels_only,
        arguments.thumbnails,
        arguments.trust_unfamiliar,
    )
    recordings = recordings_at(arguments.bags, arguments.out)
    if not recordings.bags:
        raise UserError(_nothing(recordings))
    sentences, thresholds = _sentences(arguments)
    torch.set_num_threads(max(1, arguments.threads))
    clip = Clip.load(arguments.clip, arguments.device)
    detector = Detector(clip, sentences, thresholds, arguments.threshold)
    equipment = LookEquipment(
        arguments.clip,
        model_of(clip),
        clip.device.type,
        arguments.threads,
        detector.sentences,
        thresholds,
        arguments.threshold,
        question,
    )
    with Search(arguments.out, recordings.bags, detector, question, equipment.model, equipment.device) as search:
        failed = recordings.failed | _look(search, equipment, detector, arguments)
        found = {bag: search.done[bag] for bag in sorted(search.done, key=search.names.get)}
        for line in told(
            {search.names[bag]: labels for bag, labels in found.items()},
            failed,
            detector.doubts(),
            question.trust_unfamiliar,
        ):
            print(_printable(line))
        if recordings.own:
            print(f"left out: {len(recordings.own)} labelled copies of this command among the recordings")
        print(_printable(f"-> {search.folder.path}: moments.csv, moments.jsonl{_pictured(search)}"))
        taught = _remember(search, found, arguments, clip) if arguments.buffer else None
    finds = sum(len(one.finds) for one in found.values())
    # A copy with its scores is something; a search that found nothing, or a buffer that got nothing, is not.
    useful = finds or not arguments.labels_only
    return {
        "ok": not failed and bool(useful) and taught != 0,
        "labelled": {
            str(bag): {"frames": one.frames, "reached": one.reached, "lost": one.lost} for bag, one in found.items()
        },
        "finds": finds,
        "left_out": [str(bag) for bag in recordings.own],
        "failed": failed,
    }


def _look(search, equipment, detector, arguments: argparse.Namespace) -> dict[str, str]:
    """Look at all recordings that are not done, and write the table; recording -> why it could not be."""
    from unified_agent.training.relabelling.observers import observed
    from unified_agent.training.relabelling.ray_observers import observed_on_ray

    tasks, failed = [], {}
    for bag in search.names:
        if bag not in search.done:
            try:
                tasks.append(search.task(bag))
            except UserError as error:
                failed[str(bag)] = str(error)
    if len(tasks) + len(failed) < len(search.names):
        print(f"{len(search.done)} of {len(search.names)} recordings were looked at before, and have not changed")
    total = sum(task.size for task in tasks)
    try:
        with tqdm(total=total, unit="B", unit_scale=True, desc="relabel", disable=None if tasks else True) as bar:
            if arguments.ray and tasks:
                answers = observed_on_ray(tasks, equipment, arguments.jobs, bar.update, arguments.ray)
            else:
                answers = observed(tasks, equipment, _jobs(arguments.jobs, len(tasks), total), bar.update, detector)
            with closing(answers):
                failed |= _taken(search, answers, bar)
    except KeyboardInterrupt:
        search.write_table()
        print(_go_on(search))
        raise
    search.write_table()
    return failed


def _taken(search, answers, bar) -> dict[str, str]:
    """Move what was found to its place as it comes; recording -> why nothing was."""
    from unified_agent.training.relabelling.observers import LookFailure

    failed, begin = {}, 0
    for number, (task, answer) in enumerate(answers, 1):
        if isinstance(answer, LookFailure):
            failed[str(task.bag)] = answer.cause
            search.abandon(task.bag)
            if answer.fatal:
                raise UserError(f"{search.folder.path} cannot be written: {answer.cause}. {_go_on(search)}")
        else:
            search.finish(task.bag, answer)
        bar.set_postfix_str(f"{number} done", refresh=False)
        begin += task.size
        bar.update(max(0, begin - bar.n))
    return failed


def _jobs(wanted: int | None, tasks: int, total: int) -> int:
    """Processes for so many recordings of so many bytes together; another one takes seconds to begin."""
    from unified_agent.training.relabelling.observers import SMALL

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(tasks, wanted or min(cores, 1 + total // SMALL)))


def _go_on(search) -> str:
    return f"{len(search.done)} of {len(search.names)} recordings are done: the same command goes on with the others."


def _nothing(recordings) -> str:
    """Why there is nothing to look at."""
    if recordings.failed:
        return " ".join(dict.fromkeys(recordings.failed.values()))
    return f"Nothing but labelled copies of this command was given ({recordings.own[0]}): give recordings."


def _pictured(search) -> str:
    from unified_agent.training.relabelling.table import OVERVIEW

    return f", {OVERVIEW}" if search.folder.owns(OVERVIEW) and (search.folder.path / OVERVIEW).is_file() else ""


def _printable(line: str) -> str:
    """Names of files may hold bytes that are no text, and letters that move the cursor."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line)


def _remember(search, found, arguments: argparse.Namespace, clip) -> int:
    """Add the labelled copies' demonstrations to the buffer, each under a name of its own; how many there were."""
    from unified_agent.training.policy.buffer import Buffer

    buffer = Buffer(arguments.buffer)
    added, reasons = 0, {}
    for bag in found:
        name = search.names[bag]
        try:
            episodes = _demonstrations(search.folder.path / name, arguments, clip)
        except UserError as error:
            reasons.setdefault(str(error).replace(str(search.folder.path / name), "it"), []).append(name)
            continue
        buffer.write("bag_" + name.replace("/", "_"), episodes)
        added += sum(map(len, episodes))
    print(f"buffer: {added} demonstrations of {len(found) - sum(map(len, reasons.values()))} recordings")
    for why, names in reasons.items():
        more = ", ..." if len(names) > 3 else ""
        print(_printable(f"  nothing of {len(names)} ({', '.join(names[:3])}{more}): {why}"))
    return added


def _demonstrations(copy: Path, arguments: argparse.Namespace, clip) -> list:
    """The episodes of a labelled copy.

    Raises:
        UserError: there are none.
    """
    from unified_agent.robot.arm import Arm
    from unified_agent.training.policy.bag_experience import Eyes, experience_of
    from unified_agent.training.policy.recorded import Names, RecordedBag

    names = Names(image_topics=tuple(arguments.image_topic), tolerance=arguments.tolerance)
    found = experience_of(RecordedBag(copy, names), Arm.load(arguments.arm), Eyes(clip))
    if not found.episodes:
        raise UserError("; ".join(found.notes) or "no decision lies between two whole moments")
    return found.episodes


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
        text = read_text(path)
        content = yaml_of(text, str(path)) if path.suffix in (".yaml", ".yml") else text.splitlines()
    except BadDocument as error:
        raise UserError(f"The sentences cannot be read: {error}") from None
    lines = list(content) if isinstance(content, (list, dict)) else []
    given = content if isinstance(content, dict) else {}
    blank = [line for line in lines if isinstance(line, str) and not line.strip()]
    wrong = [line for line in lines if not isinstance(line, str)]
    wrong += [gamma for gamma in given.values() if isinstance(gamma, bool) or not isinstance(gamma, (int, float))]
    if wrong or len(lines) == len(blank):
        came = f" came {wrong[0]!r:.80}" if wrong else " came none"
        raise UserError(
            f"Expected sentences in {path}: one a line, or in YAML a list, or sentences with their thresholds;{came}."
        )
    sentences = list(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))
    if len(sentences) > MOST_SENTENCES:
        raise UserError(f"Expected at most {MOST_SENTENCES} sentences in {path}, came {len(sentences)}.")
    if strange := [sentence for sentence in sentences if not sentence.isprintable()]:
        raise UserError(f"Expected plain text in {path}, came {strange[0][:80]!r}.")
    return sentences, {" ".join(sentence.split()): float(gamma) for sentence, gamma in given.items()}
