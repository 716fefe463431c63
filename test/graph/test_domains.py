# SPDX-License-Identifier: Apache-2.0
"""Domains: every process here is a light stand-in for one that runs a graph."""

import os
import subprocess
import sys

import pytest

from unified_agent.graph import domains
from unified_agent.graph.domains import Domain, DomainError

HOLD = "import time\nfrom unified_agent.graph.domains import Domain\nd = Domain('other')\nprint(d.number, flush=True)\n"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)


@pytest.fixture
def other_graph():
    """A process that holds the domain it finds."""
    process = subprocess.Popen([sys.executable, "-c", HOLD + "time.sleep(600)"], stdout=subprocess.PIPE, text=True)
    process.domain = int(process.stdout.readline())
    yield process
    process.kill()
    process.communicate()


def held() -> dict[tuple[int, str], str]:
    return {(graph.domain, graph.namespace): graph.what for graph in domains.running()}


def test_each_graph_gets_a_domain_of_its_own_and_the_first_that_of_ros(other_graph):
    with Domain("mine") as mine:
        assert (other_graph.domain, mine.number) == (0, 1)
        assert os.environ["ROS_DOMAIN_ID"] == "1"
        assert held() == {(0, ""): "other", (1, ""): "mine"}
    assert "ROS_DOMAIN_ID" not in os.environ
    assert held() == {(0, ""): "other"}


def test_a_domain_that_the_person_set_is_used(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "77")
    with Domain("mine") as mine:
        assert mine.number == 77
    assert os.environ["ROS_DOMAIN_ID"] == "77"


def test_a_second_graph_on_the_domain_that_the_person_set_is_refused(other_graph, monkeypatch):
    monkeypatch.setattr(domains, "LOOK", 0.0)
    monkeypatch.setenv("ROS_DOMAIN_ID", "0")
    with pytest.raises(DomainError, match=r"running on ROS domain 0 already(.|\n)*other(.|\n)*namespace of its own"):
        Domain("mine")


def test_a_killed_graph_frees_its_domain(other_graph):
    other_graph.kill()
    other_graph.wait()
    assert held() == {}
    with Domain("mine") as mine:
        assert mine.number == 0


def test_a_domain_is_held_until_the_last_node_has_ended():
    with Domain("mine") as mine:
        node = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[mine.fileno()])
    assert held() == {(0, ""): "mine"}
    node.communicate(b"\n")
    assert held() == {}


def test_all_domains_taken_is_said(other_graph, monkeypatch):
    monkeypatch.setattr(domains, "FREE", range(1))
    with pytest.raises(DomainError, match="stop one"):
        Domain("mine")


@pytest.mark.parametrize("text", ["-1", "233", "five", "1.5", "²"])
def test_what_is_no_domain_is_refused(text, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", text)
    with pytest.raises(DomainError, match="whole number from 0 to 232"):
        Domain("mine")


def test_the_only_graph_is_joined(other_graph, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "")
    assert domains.join() == ""
    assert os.environ["ROS_DOMAIN_ID"] == "0"


def test_of_several_graphs_one_must_be_chosen(other_graph, monkeypatch):
    with Domain("mine"):
        monkeypatch.delenv("ROS_DOMAIN_ID")
        with pytest.raises(DomainError, match=r"2 graphs are running(.|\n)*ROS_DOMAIN_ID=0  other\n.*=1  mine"):
            domains.join()
        monkeypatch.setenv("ROS_DOMAIN_ID", "1")
        domains.join()
        assert os.environ["ROS_DOMAIN_ID"] == "1"


def test_without_a_graph_ros_keeps_its_default():
    assert domains.join() == ""
    assert "ROS_DOMAIN_ID" not in os.environ


def test_without_a_run_time_folder_one_among_the_temporary_files_serves(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(domains.tempfile, "gettempdir", lambda: str(tmp_path))
    with Domain("mine"):
        assert held() == {(0, ""): "mine"}
    assert (tmp_path / f"unified_agent-{os.getuid()}").stat().st_mode & 0o077 == 0


def test_graphs_in_namespaces_of_their_own_share_a_domain():
    with Domain("first", "left") as left, Domain("second", "right/arm") as right, Domain("third") as plain:
        assert left.number == right.number == plain.number == 0
        assert held() == {(0, ""): "third", (0, "left"): "first", (0, "right/arm"): "second"}
        with pytest.raises(DomainError, match=r"in the namespace left already(.|\n)*--namespace left  first"):
            Domain("fourth", "left")


def test_without_a_choice_ros_keeps_its_domain_and_a_second_graph_is_refused(other_graph, monkeypatch):
    monkeypatch.setattr(domains, "LOOK", 0.0)
    with pytest.raises(DomainError, match="running on ROS domain 0 already"):
        Domain("mine", choose=False)


def test_of_two_graphs_the_one_of_that_namespace_is_joined(monkeypatch):
    with Domain("first", "left"), Domain("second", "right"):
        assert domains.join("right") == "right"
        with pytest.raises(DomainError, match="--namespace left"):
            domains.join()
    assert domains.join("left") == "left"


def test_the_only_graph_is_joined_in_its_namespace():
    with Domain("first", "left"):
        assert domains.join() == "left"
