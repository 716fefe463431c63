# SPDX-License-Identifier: Apache-2.0
import importlib
from pathlib import Path

import pytest
import yaml

from unified_agent.errors import UserError
from unified_agent.graph import lists


def given(wanted: lists.Graph) -> dict[str, dict]:
    return {node.name: node.parameters for node in wanted.nodes}


def test_the_arguments_reach_the_nodes_that_they_are_for():
    parameters = given(
        lists.sim({"instruction": "grasp the red object", "speed": "2", "seed": "7", "headless": "False"})
    )
    assert parameters["planner"]["instruction"] == "grasp the red object"
    assert parameters["mujoco_bridge"]["speed"] == 2.0
    assert parameters["mujoco_bridge"]["seed"] == parameters["policy"]["seed"] == 7
    assert parameters["mujoco_bridge"]["headless"] is False


def test_without_recording_there_is_no_recorder():
    assert "recorder" not in given(lists.sim({"record": "false"}))
    assert "recorder" in given(lists.sim({}))


def test_a_task_gives_the_instruction_that_was_not_given():
    assert lists.sim({"task": "grasp_red"}).instruction == "grasp the red object"
    assert lists.sim({"task": "grasp_red", "instruction": "take it"}).instruction == "take it"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"instructoin": "x"}, "Did you mean 'instruction'"),
        ({"speed": "fast"}, "'speed' is a number"),
        ({"seed": "1.5"}, "'seed' is a whole number"),
        ({"record": "maybe"}, "'record' is true or false"),
        ({"task": "stack_red_on_blu"}, "Did you mean 'stack_red_on_blue'"),
        ({"namespace": "2nd arm"}, "letters, digits"),
        ({"remap": "clock"}, "FROM:=TO, not 'clock'"),
        ({"params_file": "nowhere.yaml"}, "no parameter file"),
        ({"discovery": "lokalhost"}, "Did you mean 'localhost'"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_starts(arguments, why):
    with pytest.raises(UserError, match=why):
        lists.sim(arguments)


@pytest.mark.parametrize(
    "wanted", [lists.sim({"reward": "a cat"}), lists.replay({"bag": "x", "reward": "a cat"})], ids=["sim", "replay"]
)
def test_every_node_declares_what_the_graph_and_the_parameter_file_give_it(wanted):
    pytest.importorskip("rclpy", reason="the nodes need ROS 2")
    file = yaml.safe_load(wanted.parameter_files[0].read_text())
    nodes = [node for node in wanted.nodes if node.name != lists.ACTION_NODE]
    assert set(file) == {"/**"} | {f"/**/{node.name}" for node in nodes}
    for node in nodes:
        module = importlib.import_module(node.module)
        [kind] = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == node.module and hasattr(value, "PARAMETERS")
        ]
        declared = {spec.name: spec for spec in kind.PARAMETERS}
        values = file[f"/**/{node.name}"]["ros__parameters"] | node.parameters
        values.pop("use_sim_time", None)
        assert set(values) <= set(declared)
        for name, value in values.items():
            declared[name].check(value)


def test_every_argument_is_described():
    assert all(one.description.endswith(".") for one in (*lists.ARGUMENTS, *lists.REPLAY_ARGUMENTS))


def test_a_replay_has_no_arm_and_no_policy():
    wanted = lists.replay({"bag": "runs/x/episode_001", "rate": "2"})
    assert [node.name for node in wanted.nodes] == ["replay", "captioner", "planner"]
    assert given(wanted)["replay"]["rate"] == 2.0
    assert Path(given(wanted)["replay"]["bag"]).is_absolute()


def test_a_replay_without_a_recording_is_refused():
    with pytest.raises(UserError, match="bag:=DIR"):
        lists.replay({})


def test_a_file_of_the_persons_comes_after_ours_and_defaults_of_arguments_do_not_hide_it(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("policy: {ros__parameters: {seed: 3}}")
    wanted = lists.sim({"params_file": str(file), "speed": "2"})
    assert wanted.parameter_files[-1] == file
    assert "seed" not in given(wanted)["policy"]
    assert given(wanted)["mujoco_bridge"]["speed"] == 2.0


def test_a_graph_in_a_namespace_has_a_clock_of_its_own_unless_the_person_says_otherwise():
    wanted = lists.sim({"namespace": "/left/", "remap": "objects:=/objects, camera/left/image_raw:=/usb_cam/image_raw"})
    assert wanted.full_name("policy") == "/left/policy"
    assert wanted.remaps[:2] == (("objects", "/objects"), ("camera/left/image_raw", "/usb_cam/image_raw"))
    assert wanted.remaps[2:] == (("/clock", "clock"), ("/tf", "tf"), ("/tf_static", "tf_static"))
    assert lists.sim({}).remaps == ()


def test_a_default_of_an_argument_is_the_node_s_own_since_it_is_not_handed_on():
    pytest.importorskip("rclpy", reason="the nodes need ROS 2")
    for argument in lists.ARGUMENTS:
        for node, parameter in argument.parameters:
            module = importlib.import_module(f"unified_agent.nodes.{node}")
            kinds = [kind for kind in vars(module).values() if getattr(kind, "__module__", "") == module.__name__]
            [specs] = [kind.PARAMETERS for kind in kinds if hasattr(kind, "PARAMETERS")]
            (own,) = [spec.default for spec in specs if spec.name == parameter]
            assert node in lists.ALWAYS_TOLD or argument.value(argument.default) == own, (argument.name, node)


def test_the_action_is_served_where_its_type_is_installed(monkeypatch):
    monkeypatch.setattr(lists, "find_spec", lambda name: name == "unified_agent_interfaces")
    assert lists.ACTION_NODE in given(lists.sim({}))
    monkeypatch.setattr(lists, "find_spec", lambda name: None)
    assert lists.ACTION_NODE not in given(lists.sim({}))


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("speed", "nan", "'speed' is a number of 0 or more"),
        ("speed", "-1", "'speed' is a number of 0 or more"),
        ("seed", "1" * 5000, "'seed' is a whole number of 0 or more"),
        ("seed", "-1", "'seed' is a whole number of 0 or more"),
        ("record", "maybe", "'record' is true or false"),
        ("runs", "a\0b", "'runs' is text"),
        ("instruction", "x" * 20_000, "'instruction' is text"),
        ("runs", "~nobody_of_that_name/x", "the name of no user"),
        ("params_file", "/dev/null", "no parameter file"),
        ("namespace", "a b", "A namespace is made of"),
        ("device", "cudda", "Did you mean 'cuda'"),
        ("arm", "fr33", "Did you mean 'fr3'"),
        ("task", "stack_red_on_blu", "Did you mean 'stack_red_on_blue'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_short_line(name, text, why):
    with pytest.raises(UserError, match="^[^\n]{0,600}$") as error:
        lists.sim({name: text})
    assert why in str(error.value)


def test_a_parameter_file_is_looked_through_before_anything_is_started(tmp_path):
    (tmp_path / "mine.yaml").write_text("policy: [1]")
    with pytest.raises(UserError, match="Expected a mapping"):
        lists.sim({"params_file": str(tmp_path / "mine.yaml")})
