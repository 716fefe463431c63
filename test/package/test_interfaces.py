# SPDX-License-Identifier: Apache-2.0
"""The package of the action's type, which colcon builds beside this one."""

import re
from pathlib import Path
from xml.etree import ElementTree

import unified_agent
from unified_agent.graph import lists

FOLDER = Path(__file__).resolve().parents[2] / "src" / "interfaces"
MANIFEST = ElementTree.parse(FOLDER / "package.xml").getroot()


def test_it_has_the_name_that_the_nodes_import_and_the_version_of_this_package():
    assert MANIFEST.findtext("name") == lists.INTERFACES
    assert MANIFEST.findtext("version") == unified_agent.__version__
    assert MANIFEST.findtext("member_of_group") == "rosidl_interface_packages"


def test_cmake_generates_every_type():
    generated = re.findall(r'"(action/\w+\.action)"', (FOLDER / "CMakeLists.txt").read_text())
    assert sorted(generated) == sorted(f"action/{path.name}" for path in (FOLDER / "action").iterdir())


def test_the_action_has_what_the_design_says():
    goal, result, feedback = (FOLDER / "action" / "CarryOut.action").read_text().split("---\n")
    fields = [re.findall(r"^(\w+) (\w+)(?:  #|$)", part, re.M) for part in (goal, result, feedback)]
    assert fields == [
        [("string", "instruction")],
        [("string", "outcome"), ("string", "reason")],
        [("string", "subgoal"), ("uint32", "tries"), ("string", "caption")],
    ]
