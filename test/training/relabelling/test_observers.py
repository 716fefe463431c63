# SPDX-License-Identifier: Apache-2.0
import multiprocessing
import shutil
import sys

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


def test_two_processes_find_what_one_finds_and_one_that_is_killed_costs_one_recording(tmp_path, detector):
    tasks = tasks_of(tmp_path, [3, 4, 5, 6])
    expected = dict(observed(tasks, EQUIPMENT, 1, lambda read: None))
    shutil.rmtree(tmp_path / "out")
    answers = observed(tasks, EQUIPMENT, 2, lambda read: None)
    found = dict([next(answers)])
    victim = multiprocessing.active_children()[0]
    victim.kill()
    found |= dict(answers)
    died = [answer for answer in found.values() if isinstance(answer, LookFailure)]
    assert set(found) == set(tasks)
    assert len(died) <= 1
    assert all("SIGKILL" in answer.cause for answer in died)
    assert {task: found[task] for task in tasks if found[task] not in died} == {
        task: expected[task] for task in tasks if found[task] not in died
    }
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
