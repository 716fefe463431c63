# SPDX-License-Identifier: Apache-2.0
"""``unified-agent train-clip``: collect labelled frames, train a small CLIP on them, calibrate it and test it."""

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

from unified_agent import __version__
from unified_agent.errors import UserError, in_range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the verb."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "unified_agent" / "frames"
    parser.add_argument(
        "--out", type=Path, default=Path("runs/clip"), help="folder of the new checkpoint (%(default)s)"
    )
    parser.add_argument(
        "--domain",
        action="append",
        metavar="NAME",
        help="what to learn: tabletop (the default), cart_pole, mountain_car, sticks, hills, or MODULE:CLASS of your "
        "own code, which is imported and run; again: one CLIP for several",
    )
    parser.add_argument("--frames", type=Path, default=cache, help="folder of the labelled frames (%(default)s)")
    parser.add_argument(
        "--moments", type=int, help="moments to train on (tabletop 32000, two frames each; of another domain 8000)"
    )
    parser.add_argument("--test-moments", type=int, help="held-out moments to test on (4000; of another domain 2000)")
    parser.add_argument("--arm", default="default", help="arm in the pictures of the tabletop (%(default)s)")
    parser.add_argument("--start", metavar="MODEL", help="go on from this checkpoint instead of random weights")
    parser.add_argument("--epochs", type=int, default=8, help="passes over them (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1.5e-3, help="at its highest (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the training (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: as many as it likes (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument(
        "--evaluate", metavar="MODEL", help="do not train: test this checkpoint ('default': the shipped one)"
    )
    parser.add_argument(
        "--foreign",
        type=Path,
        metavar="DIR",
        help="with --evaluate: pictures of other scenes; how many are told as unfamiliar",
    )
    parser.add_argument(
        "--shifts",
        action="store_true",
        help="with --evaluate: the same moments under moved cameras, less light, other hues, JPEG and blur, too",
    )
    parser.add_argument(
        "--describe", type=Path, metavar="DIR", help="do not train: describe the scenes that the checkpoint there knows"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Train and report, or only test; the dict holds precision and recall, or top-1 and AUC, of each sentence."""
    from unified_agent.training.eyes.train_clip import TABLETOP, TrainingConfig

    domains = arguments.domain or ["tabletop"]
    elsewhere = "tabletop" not in domains
    if not elsewhere and len(set(domains)) > 1:
        raise UserError("The tabletop's CLIP is larger than those of other domains: train it by itself.")
    if elsewhere and (arguments.describe is not None or arguments.foreign is not None or arguments.shifts):
        raise UserError("--describe, --foreign and --shifts are of the tabletop: leave --domain out.")
    if (arguments.foreign is not None or arguments.shifts) and not arguments.evaluate:
        raise UserError("--foreign and --shifts go with --evaluate MODEL.")
    moments, test_moments = (8000, 2000) if elsewhere else (32000, 4000)
    arguments.moments = moments if arguments.moments is None else arguments.moments
    arguments.test_moments = test_moments if arguments.test_moments is None else arguments.test_moments
    for option in ("moments", "test_moments"):
        in_range(f"--{option.replace('_', '-')}", getattr(arguments, option), 1, 10**8)
    config = TrainingConfig(
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
        threads=arguments.threads,
        **({} if elsewhere else TABLETOP),
    )
    return _domains(arguments, list(dict.fromkeys(domains)), config) if elsewhere else _tabletop(arguments, config)


def _tabletop(arguments: argparse.Namespace, config) -> dict:
    from unified_agent.device import torch_device
    from unified_agent.robot.arm import Arm
    from unified_agent.training.eyes import report
    from unified_agent.training.eyes.calibration import table
    from unified_agent.training.eyes.collection import Split, collect
    from unified_agent.training.eyes.familiarity import known_scenes
    from unified_agent.training.eyes.shifts import SCENES
    from unified_agent.training.eyes.train_clip import KIND, ClipTrainer
    from unified_agent.training.runs import arm_identity, check_place
    from unified_agent.vision.clip import Clip

    arm = Arm.load(arguments.arm)
    if arguments.describe is not None:
        return _describe(arguments, arm)
    device = torch_device(arguments.device)

    def scenes() -> dict:
        return {name: collect(arguments.frames, Split.TEST, arguments.test_moments, arm, name) for name in SCENES}

    if arguments.evaluate:
        judged = Clip.load(arguments.evaluate, device)
        moments = collect(arguments.frames, Split.TEST, arguments.test_moments, arm)
        result = {"ok": True, "model": arguments.evaluate, "moments": len(moments)}
        if arguments.shifts:
            shifted = report.shifted(judged, moments, scenes())
            found = shifted[report.AS_THEY_ARE]
            result["shifts"] = report.shift_summary(shifted)
        else:
            found = report.detections(judged, moments)
        result |= report.summary(found, moments)
        print(table(found), report.told(result["not_counted"]), sep="\n\n")
        if arguments.shifts:
            print("", report.shift_table(shifted), sep="\n")
        return result | _familiarity(judged, moments, arguments.foreign)

    start = Clip.load(arguments.start, device) if arguments.start else None
    check_place(arguments.out, KIND)
    held_out = collect(arguments.frames, Split.TEST, arguments.test_moments, arm)
    moments = collect(arguments.frames, Split.TRAIN, arguments.moments, arm)
    tuning = collect(arguments.frames, Split.CALIBRATION, arguments.test_moments, arm)
    began = time.monotonic()
    made_with = {"arm": arm_identity(arm)}
    trainer = ClipTrainer(moments, arguments.out, config, device, start, made_with)
    history = trainer.run()
    known_scenes(Clip.load(str(arguments.out), device), moments, tuning).save(arguments.out)
    found = report.certify(
        arguments.out,
        tuning,
        held_out,
        history,
        scenes(),
        moments=len(moments),
        config=asdict(config),
        start=start and start.card,
        made_with=trainer.settings,
        precision=str(trainer.precision),
        version=__version__,
    )
    plain = found[report.AS_THEY_ARE]
    result = report.summary(plain, held_out) | {"shifts": report.shift_summary(found)}
    print(table(plain), report.told(result["not_counted"]), report.shift_table(found), sep="\n\n")
    return {"ok": True, "out": str(arguments.out), "seconds": time.monotonic() - began, **result}


def _domains(arguments: argparse.Namespace, specs: list[str], config) -> dict:
    """Train one CLIP for domains, or test one on them."""
    from unified_agent.device import torch_device
    from unified_agent.training.eyes.collection import Split
    from unified_agent.training.eyes.domains import load, report
    from unified_agent.training.eyes.domains.moments import collect, identity, joined
    from unified_agent.training.eyes.domains.syllabus import syllabus
    from unified_agent.training.eyes.train_clip import KIND, ClipTrainer
    from unified_agent.training.runs import check_place
    from unified_agent.vision.clip import Clip

    device = torch_device(arguments.device)
    domains = [load(spec) for spec in specs]
    if arguments.evaluate:
        found = report.tested(Clip.load(arguments.evaluate, device), domains, arguments.test_moments)
        print(report.table(found))
        return {"ok": True, "model": arguments.evaluate, "domains": [asdict(one) for one in found]}
    start = Clip.load(arguments.start, device) if arguments.start else None
    check_place(arguments.out, KIND)
    began = time.monotonic()
    moments = joined([collect(arguments.frames, Split.TRAIN, arguments.moments, domain) for domain in domains])
    captions = [caption for domain in domains for caption in domain.captions]
    made_with = {"domains": [identity(domain) for domain in domains]}
    trainer = ClipTrainer(moments, arguments.out, config, device, start, made_with, syllabus(captions))
    history = trainer.run()
    found = report.certify(
        arguments.out,
        domains,
        arguments.test_moments,
        history,
        moments=len(moments),
        config=asdict(config),
        start=start and start.card,
        made_with=trainer.settings,
        precision=str(trainer.precision),
        version=__version__,
    )
    print(report.table(found))
    seconds = time.monotonic() - began
    return {"ok": True, "out": str(arguments.out), "seconds": seconds, "domains": [asdict(one) for one in found]}


def _describe(arguments: argparse.Namespace, arm) -> dict:
    """Write what a checkpoint knows beside its weights, and count the false alarms on moments that are held out."""
    from unified_agent.training.eyes.collection import Split, collect
    from unified_agent.training.eyes.familiarity import known_scenes
    from unified_agent.vision.clip import Clip

    clip = Clip.load(str(arguments.describe), arguments.device)
    moments = collect(arguments.frames, Split.TRAIN, arguments.moments, arm)
    tuning = collect(arguments.frames, Split.CALIBRATION, arguments.test_moments, arm)
    clip.known = known_scenes(clip, moments, tuning)
    clip.known.save(arguments.describe)
    held_out = collect(arguments.frames, Split.TEST, arguments.test_moments, arm)
    return {"ok": True, "threshold": clip.known.threshold, **_familiarity(clip, held_out, None)}


def _familiarity(clip, held_out, pictures: Path | None) -> dict:
    """False alarms on known moments and, with a folder of foreign pictures, how many of those are told."""
    from unified_agent.training.eyes.familiarity import foreign, unfamiliar_share

    if clip.known is None:
        if pictures is not None:
            foreign(clip, pictures)
        return {}
    alarms = unfamiliar_share(clip, held_out)
    print(f"called unfamiliar: {alarms:.2%} of {len(held_out)} held-out moments")
    result = {"false_alarms": alarms}
    if pictures is not None:
        found = foreign(clip, pictures)
        print(
            f"{pictures}: {found.unfamiliar} of {found.pictures} pictures called unfamiliar; some sentence over its "
            f"threshold in {found.claimed}, held true in {found.held}; {found.unreadable} files are no picture"
        )
        for name in found.missed[:20]:
            print(f"  taken for known: {name}")
        result["foreign"] = asdict(found)
    return result
