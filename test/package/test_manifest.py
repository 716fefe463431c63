# SPDX-License-Identifier: Apache-2.0
"""package.xml, setup.py, constraints.txt and the imports in the source say the same."""

import ast
import re
import sys
from importlib.metadata import distribution
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import unified_agent
from unified_agent.graph import lists

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
ROS = {"launch", "launch_ros"}
LIBRARIES = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "open_clip": "open_clip_torch",
    "yaml": "PyYAML",
    "rerun": "rerun-sdk",
}


def imported() -> set[str]:
    """The top-level modules from elsewhere that src/ and launch/ import."""
    names = set()
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "launch").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"unified_agent"}


def is_ros(module: str) -> bool:
    return module in ROS or module == "rclpy" or module.endswith(("_msgs", "_srvs", "_interfaces"))


def required(extra: str = "") -> dict[str, Requirement]:
    """What setup.py always asks for, or what it asks for with that extra only."""
    marker = f'extra == "{extra}"' if extra else "None"
    requirements = map(Requirement, distribution("unified_agent").requires)
    return {canonicalize_name(one.name): one for one in requirements if str(one.marker) == marker}


def pinned() -> dict[str, list[Requirement]]:
    pins: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def test_the_version_is_the_same_everywhere():
    assert MANIFEST.findtext("version") == unified_agent.__version__ == distribution("unified_agent").version
    assert f"## {unified_agent.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_ros_package_imported_is_an_exec_depend():
    declared = {depend.text for depend in MANIFEST.findall("exec_depend")}
    assert {module for module in imported() if is_ros(module)} <= declared


def test_every_library_imported_is_required():
    libraries = {canonicalize_name(LIBRARIES.get(module, module)) for module in imported() if not is_ros(module)}
    optional = {name for extra in ("baselines", "cluster", "rerun") for name in required(extra)}
    assert libraries <= set(required()) | optional


@pytest.mark.parametrize("extra", ["", "baselines", "cluster", "rerun", "ros", "test"])
def test_every_requirement_is_pinned_inside_its_range(extra):
    pins, requirements = pinned(), required(extra)
    assert requirements
    for name, requirement in requirements.items():
        assert name in pins, f"{name} has no pin in constraints.txt"
        for pin in pins[name]:
            (version,) = [clause.version for clause in pin.specifier]
            assert requirement.specifier.contains(version), f"{pin} is outside {requirement}"


def test_every_node_of_the_graph_is_a_program():
    programs = {point.name: point.value for point in distribution("unified_agent").entry_points}
    for node in lists.sim({}).nodes:
        assert programs[node.name] == f"{node.module}:main"


@pytest.mark.parametrize("point", distribution("unified_agent").entry_points, ids=lambda point: point.name)
def test_every_program_can_be_loaded(point):
    assert callable(point.load())


def test_every_launch_argument_is_described():
    for argument in lists.ARGUMENTS:
        assert re.match(r".{10,}\.$", argument.description), f"{argument.name}: {argument.description!r}"
