# SPDX-License-Identifier: Apache-2.0
import importlib

import pytest

from unified_agent import paths
from unified_agent.graph import lists

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

PAGE = (paths.share() / "docs" / "nodes.md").read_text() if (paths.share() / "docs").is_dir() else ""


@pytest.mark.skipif(not PAGE, reason="the docs are in the source tree only")
@pytest.mark.parametrize("node", [*(node.name for node in lists.sim({"reward": "a cat"}).nodes), "replay", "agent"])
def test_the_page_of_nodes_has_every_parameter_as_it_is_declared(node):
    module = importlib.import_module(f"unified_agent.nodes.{node}")
    kinds = [kind for kind in vars(module).values() if getattr(kind, "__module__", "") == module.__name__]
    [specs] = [kind.PARAMETERS for kind in kinds if hasattr(kind, "PARAMETERS")]
    section = PAGE.split(f"\n## {node}\n")[1].split("\n## ")[0]
    for spec in specs:
        live = " (live)" if spec.live else ""
        assert f"| `{spec.name}`{live} |" in section
        assert spec.description.replace("|", "\\|") in section


@pytest.mark.skipif(not PAGE, reason="the docs are in the source tree only")
def test_the_page_of_nodes_has_every_launch_argument():
    for argument in (*lists.ARGUMENTS, *lists.REPLAY_ARGUMENTS):
        assert f"| `{argument.name}` |" in PAGE
        assert argument.description in PAGE
