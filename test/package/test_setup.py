# SPDX-License-Identifier: Apache-2.0
"""tools/setup.sh, with stand-ins for Python, apt-get and id that write down how they were called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PYTHON = """#!/bin/sh
echo "python $*" >> "$CALLS"
case "$*" in
    *"-m venv"*)
        mkdir -p .venv/bin
        cp "$0" .venv/bin/python
        echo "include-system-site-packages = $ROS" > .venv/pyvenv.cfg ;;
    *"import rclpy"*) [ "$ROS" = true ] ;;
    *"import numpy"*) echo "numpy==1.26.4" ;;
    *version_info[:2]*) echo 3.12 ;;
    *rendering.py*) [ -e "$EGL" ] ;;
esac
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$CALLS"
touch "$EGL"
"""


class Machine:
    """A fresh clone on a machine whose programs are stand-ins."""

    def __init__(self, folder: Path):
        self.clone = folder / "clone"
        (self.clone / "tools").mkdir(parents=True)
        for name in ("setup.py", "setup.cfg", "constraints.txt", "tools/setup.sh", "tools/rendering.py"):
            shutil.copy(ROOT / name, self.clone / name)
        self._bin, self._egl, self._calls = folder / "bin", folder / "egl", folder / "calls"
        self._bin.mkdir()
        self.provide("python3", PYTHON)
        self._egl.touch()
        self.variables = {"ROS": "false"}

    def provide(self, name: str, script: str) -> None:
        program = self._bin / name
        program.write_text(script)
        program.chmod(0o755)

    def lose_egl(self) -> None:
        self._egl.unlink()

    def user(self, number: int) -> None:
        self.provide("id", f"#!/bin/sh\necho {number}\n")

    def set_up(self) -> subprocess.CompletedProcess:
        self._calls.write_text("")
        variables = {"PATH": f"{self._bin}:{os.defpath}", "CALLS": str(self._calls), "EGL": str(self._egl)}
        return subprocess.run(
            [self.clone / "tools" / "setup.sh"], env=variables | self.variables, capture_output=True, text=True
        )

    @property
    def calls(self) -> str:
        return self._calls.read_text()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_fresh_clone_gets_an_environment_with_the_ros_wheels(machine):
    assert machine.set_up().returncode == 0
    assert "-m venv --clear .venv" in machine.calls
    assert "-e .[test,baselines,ros]" in machine.calls
    assert "apt-get" not in machine.calls


def test_a_second_set_up_calls_nothing(machine):
    machine.set_up()
    again = machine.set_up()
    assert "nothing changed" in again.stdout
    assert machine.calls == ""


@pytest.mark.parametrize("name", ["constraints.txt", "setup.py", "tools/setup.sh"])
def test_a_changed_pin_installs_again_into_the_same_environment(machine, name):
    machine.set_up()
    with (machine.clone / name).open("a") as file:
        file.write("\n# changed\n")
    machine.set_up()
    assert "-m pip install" in machine.calls
    assert "-m venv" not in machine.calls


def test_an_interrupted_set_up_is_done_again(machine):
    machine.provide("python3", PYTHON + 'case "$*" in *"-m pip install"*) exit 1 ;; esac\n')
    assert machine.set_up().returncode != 0
    machine.provide("python3", PYTHON)
    shutil.copy(machine._bin / "python3", machine.clone / ".venv/bin/python")
    assert machine.set_up().returncode == 0
    assert "-m pip install" in machine.calls


def test_a_sourced_ros_is_used_with_its_own_numpy_and_without_wheels(machine):
    machine.variables = {"ROS": "true", "ROS_DISTRO": "kilted"}
    assert machine.set_up().returncode == 0
    assert "-m venv --clear --system-site-packages .venv" in machine.calls
    assert "-e .[test,baselines]" in machine.calls
    pins = (machine.clone / ".venv/constraints.txt").read_text().splitlines()
    assert [pin for pin in pins if pin.startswith("numpy==")] == ["numpy==1.26.4"]


def test_sourcing_ros_later_makes_the_environment_anew(machine):
    machine.set_up()
    machine.variables = {"ROS": "true", "ROS_DISTRO": "kilted"}
    again = machine.set_up()
    assert "making .venv anew" in again.stdout
    assert "--system-site-packages" in machine.calls


def test_an_unsupported_python_is_refused_with_what_to_do(machine):
    machine.variables["PYTHON"] = "/bin/false"
    refused = machine.set_up()
    assert refused.returncode == 1
    assert "PYTHON=/bin/false is not a Python 3.10, 3.11 or 3.12" in refused.stderr
    assert not (machine.clone / ".venv").exists()


def test_missing_rendering_libraries_are_installed_for_root(machine):
    machine.lose_egl()
    machine.user(0)
    machine.provide("apt-get", APT_GET)
    assert machine.set_up().returncode == 0
    assert "install -y --no-install-recommends libegl1 libgl1 libgl1-mesa-dri" in machine.calls


def test_missing_rendering_libraries_stop_another_user_with_the_command_to_run(machine):
    machine.lose_egl()
    machine.user(1000)
    machine.provide("apt-get", APT_GET)
    stopped = machine.set_up()
    assert stopped.returncode == 1
    assert "sudo sh -c 'apt-get update && apt-get install -y" in stopped.stderr
    assert "apt-get" not in machine.calls
    assert not (machine.clone / ".venv").exists()
