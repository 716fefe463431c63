# SPDX-License-Identifier: Apache-2.0
"""The command line: ``unified-agent VERB ...``. A verb's file in ``commands/`` is imported only when it is used."""

import argparse
import importlib
import json
import keyword
import sys

from unified_agent import __version__
from unified_agent.errors import UserError

VERBS = {
    "up": "start the graph of nodes without a ROS installation",
    "say": "send an instruction to a running graph and follow it to its end",
    "plan": "show the plan for an instruction, without a robot",
    "eval": "measure success, in-process or through the true graph",
    "show": "draw a recording as a video or on one picture",
    "relabel": "score recordings against new sentences, without a running graph",
    "calibrate": "find thresholds for a CLIP from moments that you marked in recordings",
    "reward": "score recordings by one sentence, choose its wording, learn from it in any environment",
    "export": "write recordings as a dataset that other tools train on",
    "import": "read a LeRobot dataset as recordings",
    "bench": "measure speed against the bare libraries",
    "learn": "learn a policy from scratch, from what CLIP sees",
    "learn-from": "learn a policy from recordings alone, without a simulator",
    "experiment": "make the results of the Unified Agent paper again",
    "imitate": "do what someone does in a video",
    "train-clip": "train the embedded CLIP on frames of the simulated world",
    "train-planner": "fine-tune the language model that writes plans",
    "train-policy": "train the policy by behaviour cloning",
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb. Exit status: 0 done, 1 it ran and failed, 2 a user's mistake, 130 Ctrl-C."""
    parser = argparse.ArgumentParser(prog="unified-agent", description="A language-centred agent for robot arms.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    argv = sys.argv[1:] if argv is None else argv
    if any("\0" in word for word in argv):
        parser.error("an argument with a NUL in it: no file, name or text has one")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a file's name need not be text
    wanted = next((word for word in argv if not word.startswith("-")), None)
    modules = {}
    for verb, text in VERBS.items():
        sub = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        sub.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        if verb == wanted:
            modules[verb] = importlib.import_module(f"unified_agent.commands.{_module(verb)}")
            modules[verb].add_arguments(sub)
    arguments = parser.parse_args(argv)
    try:
        result = modules[arguments.verb].run(arguments)
    except UserError as error:
        print(f"unified-agent {arguments.verb}: {error}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"ok": False, "error": str(error)}))
        return 2
    except OSError as error:  # a full disk, a folder that must not be written to, a file that went away
        where = f"{error.filename}: " if error.filename else ""
        print(f"unified-agent {arguments.verb}: {where}{error.strerror or error}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"ok": False, "error": f"{where}{error.strerror or error}"}))
        return 2
    except KeyboardInterrupt:
        return 130
    if arguments.json:
        print(json.dumps(result, default=float))
    return 0 if result.get("ok", True) else 1


def _module(verb: str) -> str:
    """The name of a verb's file: a keyword of Python cannot be one."""
    name = verb.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


if __name__ == "__main__":
    sys.exit(main())
