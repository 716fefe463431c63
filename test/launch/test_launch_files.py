# SPDX-License-Identifier: Apache-2.0
"""The launch files with the genuine launch library, where ROS 2 brings it; elsewhere they are at least read."""

import ast
import importlib.util
import os

import pytest

from unified_agent import paths
from unified_agent.graph import domains, lists

WHY = "NOTHING started the launch files by ROS 2's own launch, which no wheel brings: source a ROS 2, make test"
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


@pytest.fixture
def launching(tmp_path, monkeypatch):
    """The module behind the launch files, with domains of its own."""
    pytest.importorskip("launch", reason=WHY)
    pytest.importorskip("launch_ros", reason=WHY)
    from unified_agent.graph import launching

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(domains, "LOOK", 0.0)
    monkeypatch.delenv("ROS_DOMAIN_ID")
    return launching


def started(launching, kind, context=None, **given):
    """What a launch file starts with these arguments."""
    import launch

    _, arguments, needed = KINDS[kind]
    spec = importlib.util.spec_from_file_location(kind, paths.share() / "launch" / f"{kind}.launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    description = module.generate_launch_description()
    every = (*arguments, *launching.LAUNCH_ARGUMENTS)
    assert {a.name for a in description.get_launch_arguments()} == {a.name for a in every}
    context = context or launch.LaunchContext()
    context.launch_configurations.update({a.name: a.default for a in every} | needed | given)
    (start,) = [one for one in description.entities if isinstance(one, launch.actions.OpaqueFunction)]
    return context, start.execute(context)


def nodes_of(actions):
    import launch_ros

    return [action for action in actions if isinstance(action, launch_ros.actions.Node)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_node_is_started_and_the_domain_kept_and_held(launching, kind):
    wanted, _, given = KINDS[kind]
    _, actions = started(launching, kind)
    assert [node.node_executable for node in nodes_of(actions)] == [node.name for node in wanted(given).nodes]
    assert [(graph.domain, graph.namespace) for graph in domains.running()] == [(0, "")]
    assert "ROS_DOMAIN_ID" not in os.environ


def test_a_domain_is_chosen_only_when_asked_for(launching, monkeypatch):
    with domains.Domain("another"):
        monkeypatch.delenv("ROS_DOMAIN_ID")
        _, actions = started(launching, "sim", domain="auto")
        assert nodes_of(actions)
        assert os.environ.pop("ROS_DOMAIN_ID") == "1"


def test_a_second_graph_in_one_launch_is_refused_after_the_first_is_known_so_that_it_ends_too(launching):
    import launch

    context, _ = started(launching, "sim")
    _, (refusal,) = started(launching, "sim", context)
    assert isinstance(refusal, launch.actions.TimerAction)
    (raises,) = refusal.actions
    with pytest.raises(domains.DomainError, match="running on ROS domain 0 already"):
        raises.execute(context)


def test_graphs_in_namespaces_of_their_own_are_started_by_one_launch(launching):
    context, left = started(launching, "sim", namespace="left")
    context.launch_configurations["ros_namespace"] = "/house"
    _, right = started(launching, "sim", context, namespace="right")
    assert nodes_of(left)
    assert nodes_of(right)
    assert [graph.namespace for graph in domains.running()] == ["house/right", "left"]


def test_nodes_are_found_by_this_machine_alone_unless_the_person_says_otherwise(launching, monkeypatch):
    import launch

    def ranges(actions):
        return [action for action in actions if isinstance(action, launch.actions.SetEnvironmentVariable)]

    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE")
    context, actions = started(launching, "sim", namespace="a")
    ranges(actions)[0].execute(context)
    assert context.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    context, actions = started(launching, "sim", namespace="b", discovery="subnet")
    ranges(actions)[0].execute(context)
    assert context.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    assert not ranges(started(launching, "sim", namespace="c")[1])
