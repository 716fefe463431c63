# SPDX-License-Identifier: Apache-2.0
"""The launch file with the genuine launch library, where ROS 2 brings it; elsewhere it is at least read."""

import ast
import importlib.util

import pytest

from unified_agent import paths
from unified_agent.nodes import domains, graph

FILE = paths.share() / "launch" / "sim.launch.py"


def test_the_launch_file_takes_its_nodes_and_arguments_from_the_one_list():
    names = {node.attr for node in ast.walk(ast.parse(FILE.read_text())) if isinstance(node, ast.Attribute)}
    assert {"ARGUMENTS", "sim", "PACKAGE"} <= names


def test_the_description_declares_every_argument_and_starts_every_node_on_a_domain_of_its_own(tmp_path, monkeypatch):
    launch = pytest.importorskip("launch", reason="needs a ROS 2 installation")
    launch_ros = pytest.importorskip("launch_ros", reason="needs a ROS 2 installation")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROS_DOMAIN_ID")
    spec = importlib.util.spec_from_file_location("sim_launch", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    description = module.generate_launch_description()
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert set(arguments) == {argument.name for argument in graph.ARGUMENTS}
    context = launch.LaunchContext()
    context.launch_configurations.update({argument.name: argument.default for argument in graph.ARGUMENTS})
    actions = module.start_nodes(context)
    nodes = [action for action in actions if isinstance(action, launch_ros.actions.Node)]
    assert len(nodes) == len(graph.sim({}).nodes)
    assert list(domains.running()) == [0]
    context.locals.domain.free()
