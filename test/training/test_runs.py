# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.robot.arm import Arm
from unified_agent.training import runs

ARM = Arm.load("fr3")


def test_an_arm_is_the_same_wherever_it_lies_and_another_when_anything_in_it_changes(tmp_path):
    copy = tmp_path / "copy.urdf"
    copy.write_bytes(ARM.urdf.read_bytes())
    same = runs.arm_identity(replace(ARM, urdf=copy))
    assert same == runs.arm_identity(ARM)
    copy.write_bytes(ARM.urdf.read_bytes() + b"\n")
    others = [replace(ARM, urdf=copy), replace(ARM, hover=ARM.hover + 1e-6), replace(ARM, home=ARM.home + 1e-6)]
    others.append(replace(ARM, fence=replace(ARM.fence, margin=0.01)))
    assert len({same, *map(runs.arm_identity, others)}) == 5


def test_a_mesh_is_part_of_an_arm(tmp_path):
    copy, mesh = tmp_path / "copy.urdf", tmp_path / "hand.stl"
    copy.write_text('<robot><mesh filename="hand.stl"/><mesh filename="package://x/none.stl"/></robot>')
    found = set()
    for content in (b"a", b"b"):
        mesh.write_bytes(content)
        found.add(runs.arm_identity(replace(ARM, urdf=copy)))
    assert len(found) == 2


def test_what_is_kept_comes_back(tmp_path):
    with runs.claim(tmp_path / "a", "run", {}) as own:
        assert runs.kept_state(own, "state.pt", ()) is None
        runs.keep_state(own, "state.pt", {"w": torch.ones(2), "step": 3})
        state = runs.kept_state(own, "state.pt", ("w", "step"))
        assert state["step"] == 3 and torch.equal(state["w"], torch.ones(2))
        with pytest.raises(UserError, match=r"it has no \['loss'\]"):
            runs.kept_state(own, "state.pt", ("loss",))


@pytest.mark.parametrize("content", [b"", b"x" * 2000, b"PK\x03\x04" + b"\0" * 90])
def test_a_kept_state_that_is_broken_is_told(tmp_path, content):
    with runs.claim(tmp_path / "a", "run", {}) as own:
        own.write("state.pt", content)
        with pytest.raises(UserError, match=r"state\.pt is broken"):
            runs.kept_state(own, "state.pt", ())


class Canary:
    def __reduce__(self):
        return (open, ("canary", "w"))


def test_a_kept_state_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with runs.claim(tmp_path / "a", "run", {}) as own:
        torch.save({"w": Canary()}, own.place("state.pt"))
        with pytest.raises(UserError, match="is broken"):
            runs.kept_state(own, "state.pt", ())
    assert not (tmp_path / "canary").exists()


def test_another_version_of_the_package_is_another_setting(tmp_path, monkeypatch):
    runs.claim(tmp_path / "a", "run", {}).close()
    monkeypatch.setattr(runs, "__version__", "9")
    with pytest.raises(UserError, match='version was .* and is "9" now'):
        runs.claim(tmp_path / "a", "run", {})


def test_a_place_is_checked_before_long_work(tmp_path):
    runs.check_place(tmp_path / "new", "run")
    runs.check_place(tmp_path / "new", "run")
    runs.claim(tmp_path / "new", "run", {"seed": 1}).close()
    runs.check_place(tmp_path / "new", "run")
    (tmp_path / "file").write_text("x")
    OwnFolder.claim(tmp_path / "other", "export", {}).close()
    for place in (tmp_path, tmp_path / "file", tmp_path / "other"):
        with pytest.raises(UserError):
            runs.check_place(place, "run")
