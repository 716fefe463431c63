# SPDX-License-Identifier: Apache-2.0
import os
import struct
from itertools import pairwise

import pytest
import yaml

from unified_agent import paths
from unified_agent.robot import urdf
from unified_agent.robot.arm import Arm, ArmError
from unified_agent.robot.kinematics import Kinematics

LINK = '<link name="m"><visual><geometry><mesh filename="{}"/></geometry></visual></link>'
LOOP = '<joint name="l" type="fixed"><parent link="fr3_link7"/><child link="base_link"/></joint>'


@pytest.fixture
def with_urdf(tmp_path):
    """Writes the FR3 with a piece put into its URDF, or a changed YAML, and gives the path of its YAML."""

    def write(piece="", before="</robot>", change=lambda data: None):
        folder = tmp_path / "arm"
        folder.mkdir(exist_ok=True)
        text = (paths.share() / "urdf" / "fr3.urdf").read_text()
        (folder / "mine.urdf").write_text(text.replace(before, piece + before, 1))
        data = yaml.safe_load((paths.share() / "config" / "arms" / "fr3.yaml").read_text()) | {"urdf": "mine.urdf"}
        change(data)
        (folder / "arm.yaml").write_text(yaml.safe_dump(data))
        return folder / "arm.yaml"

    return write


def stl(path):
    """A tetrahedron."""
    corners = [(0, 0, 0), (0.1, 0, 0), (0, 0.1, 0), (0, 0, 0.1)]
    faces = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *(v for f in face for v in corners[f]), 0) for face in faces)
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces)) + body)


@pytest.mark.parametrize(
    ("piece", "before", "why"),
    [
        ('<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', "<robot", "document type or entities"),
        ('<!DOCTYPE r [<!ENTITY b SYSTEM "file:///etc/passwd">]>', "<robot", "document type or entities"),
        ('<include file="/etc/passwd"/>', "</robot>", "has a <include>"),
        ('<xacro:include xmlns:xacro="x" filename="a"/>', "</robot>", "without plugins and includes"),
        (
            '<mujoco><extension><plugin plugin="mujoco.sdf.torus"/></extension></mujoco>',
            "</robot>",
            "has a <extension>",
        ),
        ('<mujoco><asset><mesh file="/etc/passwd"/></asset></mujoco>', "</robot>", "has a <asset>"),
        ('<mujoco><compiler assetdir="/etc"/></mujoco>', "</robot>", "not 'assetdir'"),
        ('<link name="x"><visual><include file="a"/></visual></link>', "</robot>", "has a <include>"),
        (LINK.format("/etc/passwd"), "</robot>", "there is no mesh '/etc/passwd' beside it"),
        (LINK.format("package://x/../../secret.stl"), "</robot>", "there is no mesh"),
        (LINK.format("http://127.0.0.1/a.stl"), "</robot>", "there is no mesh"),
        (LINK.format("mine.urdf"), "</robot>", "must be one of .stl, .obj"),
        (LINK.format("pipe.stl"), "</robot>", "there is no mesh"),
        ("<link/>" * 300, "</robot>", "more than 256 links"),
        ("<a>" * 3000 + "</a>" * 3000, '<joint name="fr3_joint1"', None),
        ("<mass>" * 99 + "</mass>" * 99, "</link>", "nested more than"),
        (
            '<joint name="fr3_joint1"><limit lower="2" upper="1" velocity="1" effort="1"/></joint>',
            "</robot>",
            "lower below",
        ),
        ('<joint name="fr3_joint1"><limit lower="a"/></joint>', "</robot>", "limits of joint 'fr3_joint1'"),
    ],
)
def test_an_arm_reads_and_runs_nothing_elsewhere(with_urdf, tmp_path, piece, before, why):
    path = with_urdf(piece, before)
    stl(tmp_path / "secret.stl")
    os.mkfifo(path.parent / "pipe.stl")
    if why is None:
        Arm.load(path)
    else:
        with pytest.raises(ArmError, match=why):
            Arm.load(path)


@pytest.mark.parametrize("name", ["a.stl", "package://mine/meshes/a.stl", "file:///somewhere/a.stl", "parts/b.stl"])
def test_a_mesh_beside_the_urdf_is_found_by_its_name(with_urdf, name):
    fixed = '<joint name="m" type="fixed"><parent link="fr3_link7"/><child link="m"/></joint>'
    path = with_urdf(LINK.format(name) + fixed)
    stl(path.parent / "a.stl")
    (path.parent / "parts").mkdir()
    stl(path.parent / "parts" / "b.stl")
    assert Kinematics(Arm.load(path))._model.nmesh == 1


@pytest.mark.parametrize("piece", [LOOP, '<link name="base_link"/>', '<joint name="j" type="magic"/>'])
def test_what_mujoco_cannot_build_is_told(with_urdf, piece):
    with pytest.raises(ArmError, match="MuJoCo cannot"):
        Kinematics(Arm.load(with_urdf(piece)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d.update(urdf="../secret.urdf"), "there is no URDF"),
        (lambda d: d.update(urdf="/etc/passwd"), "there is no URDF"),
        (lambda d: d.update(urdf=3), "'urdf' must be a name"),
        (lambda d: d.update(name=["x"]), "'name' must be a name"),
        (lambda d: d.update(home=["0"] * 7), "'home' must be 7 finite numbers"),
        (lambda d: d.update(home=[True] * 7), "'home' must be 7 finite numbers"),
        (lambda d: d.update(joints=["fr3_joint1"] * 7), "names one thing twice"),
        (lambda d: d.update(joints=["a"] * 10**5), "'joints' must be a list of names"),
        (lambda d: d.update(hover=-1), "'hover' must lie above 0"),
        (lambda d: d["basket"].update(x=[0.5, 0.4]), "low below high"),
        (lambda d: d["gripper"].update(force=0), "'force' must lie above 0"),
        (lambda d: d["gripper"].update(holding=[0.03, 0.01]), "low below high"),
        (lambda d: d["topics"].update(arm="a b"), "must be the name of a topic"),
        (lambda d: d["servo"].update(stiffness=[-1] * 7), "'stiffness' must be above 0"),
        (lambda d: d.update({7: 8}), "unknown key '7'"),
        (lambda d: d.update(guard=None), "'guard' must be a mapping"),
    ],
)
def test_a_value_of_another_type_or_out_of_range_is_named(with_urdf, tmp_path, change, why):
    (tmp_path / "secret.urdf").write_text("<robot/>")
    with pytest.raises(ArmError, match=why):
        Arm.load(with_urdf(change=change))


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['touch code_was_run']",
        "a: &a [*a]",
        "a: &a [1,1,1]\n" + "".join(f"{b}: &{b} [{', '.join(9 * [f'*{a}'])}]\n" for a, b in pairwise("abcdefg")),
        "[1, 2]",
        "",
        "\t{",
    ],
)
def test_what_is_no_mapping_of_plain_values_is_refused_and_not_run(tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arm.yaml").write_text(text)
    with pytest.raises(ArmError):
        Arm.load("arm.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["arm.yaml"]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "arm.yaml")
    with pytest.raises(ArmError, match="no regular file"):
        Arm.load(tmp_path / "arm.yaml")


def test_a_urdf_without_end_is_not_read(tmp_path):
    (tmp_path / "a.urdf").write_bytes(b" " * (urdf.LIMIT + 1))
    with pytest.raises(Exception, match="expected a text file of at most"):
        urdf.read(tmp_path / "a.urdf")
