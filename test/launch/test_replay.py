# SPDX-License-Identifier: Apache-2.0
"""The launch file with the genuine launch library, where ROS 2 brings it; elsewhere it is at least read."""

import ast
import importlib.util

import pytest

from unified_agent import paths
from unified_agent.nodes import graph

FILE = paths.share() / "launch" / "replay.launch.py"


def test_the_launch_file_takes_its_nodes_and_arguments_from_the_one_list():
    names = {node.attr for node in ast.walk(ast.parse(FILE.read_text())) if isinstance(node, ast.Attribute)}
    assert {"REPLAY_ARGUMENTS", "replay", "PACKAGE"} <= names


def test_the_description_declares_every_argument_and_starts_every_node(tmp_path, monkeypatch):
    launch = pytest.importorskip("launch", reason="needs a ROS 2 installation")
    launch_ros = pytest.importorskip("launch_ros", reason="needs a ROS 2 installation")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROS_DOMAIN_ID")
    spec = importlib.util.spec_from_file_location("replay_launch", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    description = module.generate_launch_description()
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert set(arguments) == {argument.name for argument in graph.REPLAY_ARGUMENTS}
    context = launch.LaunchContext()
    defaults = {argument.name: argument.default for argument in graph.REPLAY_ARGUMENTS}
    context.launch_configurations.update(defaults | {"bag": "runs/x/episode_001"})
    actions = module.start_nodes(context)
    assert sum(isinstance(action, launch_ros.actions.Node) for action in actions) == 3
    context.locals.domain.free()
