# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.nodes.mujoco_bridge import MujocoBridge
from unified_agent.nodes.parameters import BadParameter, Spec
from unified_agent.nodes.recorder import Recorder
from unified_agent.robot.arm import ArmError


def test_a_misspelt_parameter_is_refused_with_the_nearest_right_one(graph):
    with pytest.raises(BadParameter, match="Did you mean 'video_rate'"):
        graph.add(Recorder, vidoe_rate=5)


def test_a_value_out_of_range_is_refused_with_the_range(graph):
    with pytest.raises(BadParameter, match=r"'camera_width' lies in \[1, 1920\], not 0"):
        graph.add(MujocoBridge, camera_width=0)


def test_a_value_of_another_type_is_refused(graph):
    with pytest.raises(BadParameter, match="'speed' is a float, not 'fast'"):
        graph.add(MujocoBridge, speed="fast")


def test_a_whole_number_serves_where_a_float_is_meant():
    value = Spec("speed", 1.0, "").check(2)
    assert (value, type(value)) == (2.0, float)


def test_true_is_no_number():
    with pytest.raises(BadParameter, match="not True"):
        Spec("seed", 0, "").check(True)


def test_a_string_outside_its_options_is_refused_with_the_nearest():
    with pytest.raises(BadParameter, match="Did you mean 'cuda'"):
        Spec("device", "auto", "", options=("auto", "cpu", "cuda")).check("cudda")


def test_an_unknown_arm_is_refused_with_the_nearest(graph):
    with pytest.raises(ArmError, match="Did you mean 'fr3'"):
        graph.add(Recorder, arm="fr33")


def test_a_live_parameter_changes_and_a_bad_value_leaves_it(graph, tmp_path):
    from rclpy.parameter import Parameter

    bridge = graph.add(MujocoBridge, speed=0.0)
    assert bridge.set_parameters([Parameter("speed", value=2.0)])[0].successful
    refused = bridge.set_parameters([Parameter("task", value="stack_red_on_blu")])[0]
    assert not refused.successful
    assert "stack_red_on_blue" in refused.reason
    assert bridge.get_parameter("speed").value == 2.0
    assert bridge.get_parameter("task").value == ""


def test_what_is_fixed_at_the_start_cannot_change(graph):
    from rclpy.parameter import Parameter

    recorder = graph.add(Recorder)
    assert not recorder.set_parameters([Parameter("video_rate", value=5)])[0].successful


def test_what_a_file_gives_to_all_nodes_and_one_lacks_is_left_out_with_a_warning(graph, tmp_path, monkeypatch, capfd):
    file = tmp_path / "mine.yaml"
    file.write_text("/**: {ros__parameters: {video_rate: 5, lens: {focus: 2}}}")
    monkeypatch.setattr("sys.argv", ["recorder", "--ros-args", "--params-file", str(file)])
    recorder = graph.add(Recorder, video_rate=5, **{"lens.focus": 2})
    assert recorder.settings["video_rate"] == 5
    assert "no parameter 'lens.focus', which a parameter file gives to many nodes" in capfd.readouterr().err


def test_what_a_file_gives_to_this_node_and_it_lacks_is_refused(graph, tmp_path, monkeypatch):
    file = tmp_path / "mine.yaml"
    file.write_text("/**: {ros__parameters: {vidoe_rate: 5}}\nrecorder: {ros__parameters: {vidoe_rate: 5}}")
    monkeypatch.setattr("sys.argv", ["recorder", "--ros-args", "--params-file", str(file)])
    with pytest.raises(BadParameter, match="Did you mean 'video_rate'"):
        graph.add(Recorder, vidoe_rate=5)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("qos_overrides./camera/left/image_raw.subscription.relaibility", "Did you mean 'reliability'"),
        ("qos_overrides./camera/left/image_raw.subscribtion.depth", "Did you mean 'subscription'"),
        ("qos_overrides.depth", "is no quality of service"),
    ],
)
def test_a_misspelt_quality_of_service_is_refused_with_the_nearest(graph, name, why):
    with pytest.raises(BadParameter, match=why):
        graph.add(Recorder, **{name: 5})


@pytest.mark.parametrize(("default", "value"), [([""], ["a", 1]), (1.0, float("nan")), (0, 10**400), ("", None)])
def test_a_strange_value_is_refused_in_one_short_line(default, value):
    with pytest.raises(BadParameter, match="^Parameter 'x' [^\n]{1,300}$"):
        Spec("x", default, "", low=0 if isinstance(default, int) else None, high=9 if default == 0 else None).check(
            value
        )
