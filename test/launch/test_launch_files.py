# SPDX-License-Identifier: Apache-2.0
"""The launch files with the genuine launch library, where ROS 2 brings it; elsewhere they are at least read."""

import ast
import importlib.util

import pytest

from unified_agent import paths
from unified_agent.graph import domains, lists

KINDS = {
    "sim": (lists.sim, lists.ARGUMENTS, {}),
    "replay": (lists.replay, lists.REPLAY_ARGUMENTS, {"bag": "runs/x/episode_001"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_launch_file_takes_its_nodes_and_arguments_from_the_one_list(kind):
    source = (paths.share() / "launch" / f"{kind}.launch.py").read_text()
    names = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    _, arguments, _ = KINDS[kind]
    assert {"description", kind, "ARGUMENTS" if arguments is lists.ARGUMENTS else "REPLAY_ARGUMENTS"} <= names


@pytest.mark.parametrize("kind", KINDS)
def test_the_description_declares_every_argument_and_starts_every_node_on_a_domain_of_its_own(
    kind, tmp_path, monkeypatch
):
    launch = pytest.importorskip("launch", reason="needs a ROS 2 installation")
    launch_ros = pytest.importorskip("launch_ros", reason="needs a ROS 2 installation")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROS_DOMAIN_ID")
    from unified_agent.graph import launching

    wanted, arguments, given = KINDS[kind]
    spec = importlib.util.spec_from_file_location(kind, paths.share() / "launch" / f"{kind}.launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    description = module.generate_launch_description()
    declared = {a.name for a in description.get_launch_arguments()}
    assert declared == {a.name for a in (*arguments, *launching.LAUNCH_ARGUMENTS)}
    context = launch.LaunchContext()
    every = (*arguments, *launching.LAUNCH_ARGUMENTS)
    context.launch_configurations.update({a.name: a.default for a in every} | given)
    (start,) = [one for one in description.entities if isinstance(one, launch.actions.OpaqueFunction)]
    started = start.execute(context)
    assert sum(isinstance(action, launch_ros.actions.Node) for action in started) == len(wanted(given).nodes)
    assert list(domains.running()) == [0]
    context.locals.domain.free()
