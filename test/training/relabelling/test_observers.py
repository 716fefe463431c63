# SPDX-License-Identifier: Apache-2.0
import multiprocessing
import shutil
import sys
import threading
import time

import pytest

from unified_agent.errors import UserError
from unified_agent.training.relabelling.observers import LookEquipment, LookFailure, LookTask, Observer, observed
from unified_agent.training.relabelling.question import Question
from unified_agent.training.relabelling.ray_observers import observed_on_ray

from .conftest import ALWAYS, NEVER, record

THRESHOLDS = {ALWAYS: -1.0, NEVER: 1.0}
QUESTION = Question(copies=False, trust_unfamiliar=True)
EQUIPMENT = LookEquipment("default", "", "cpu", 1, (ALWAYS, NEVER), THRESHOLDS, None, QUESTION)


def tasks_of(tmp_path, sets):
    bags = [record(tmp_path / "runs" / f"{number}", sets=count) for number, count in enumerate(sets)]
    return [LookTask(bag, tmp_path / "out" / bag.name, bag.name, count) for bag, count in zip(bags, sets, strict=True)]


def kill_one() -> None:
    while len(children := multiprocessing.active_children()) < 2:
        time.sleep(0.01)
    children[0].kill()


@pytest.mark.timeout(600)
def test_processes_find_what_one_finds_and_one_that_is_killed_costs_one_recording(tmp_path):
    tasks = tasks_of(tmp_path, [3, 4])
    expected = dict(observed(tasks, EQUIPMENT, 1, lambda read: None))
    shutil.rmtree(tmp_path / "out")
    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    read = []
    found = dict(observed(tasks, EQUIPMENT, 2, read.append))
    [died] = [answer for answer in found.values() if isinstance(answer, LookFailure)]
    assert "SIGKILL" in died.cause
    [other] = [task for task in tasks if found[task] is not died]
    assert found[other] == expected[other]
    assert sum(read) > 0
    assert not multiprocessing.active_children()


def test_an_error_that_nobody_expected_fails_one_recording(tmp_path, detector, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("by chance")

    [task] = tasks_of(tmp_path, [3])
    monkeypatch.setattr(detector, "views", broken)
    [(_, answer)] = observed([task], EQUIPMENT, 1, lambda read: None, detector)
    assert answer == LookFailure("it cannot be looked at (ZeroDivisionError: by chance)")


def test_a_full_disk_is_told_as_what_the_others_would_not_escape(tmp_path, detector):
    [task] = tasks_of(tmp_path, [3])
    observer = Observer(EQUIPMENT, detector)
    full = LookTask(task.bag, tmp_path / "out", "it", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "it.csv").symlink_to("/dev/full")
    answer = observer.look(full)
    assert isinstance(answer, LookFailure)
    assert answer.fatal


def test_other_weights_than_those_of_the_search_are_refused():
    with pytest.raises(UserError, match="other weights"):
        Observer(LookEquipment("default", "another", "cpu", 1, (ALWAYS,), {}))


def test_without_ray_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match="cluster"):
        next(observed_on_ray([], EQUIPMENT, None, lambda read: None))
