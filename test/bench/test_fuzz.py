# SPDX-License-Identifier: Apache-2.0
import random
from pathlib import Path

import pytest

from unified_agent.bench import fuzz
from unified_agent.bench.fuzzing import mutations, samples, trying


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    samples.make(folder)
    return folder


@pytest.fixture(scope="module")
def watch():
    import matplotlib.pyplot  # noqa: F401 - it makes its folders when it is first imported

    return trying.Watch()


@pytest.fixture(autouse=True)
def _back_again(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("unified_agent.language.smollm2.load", lambda: None)


@pytest.mark.parametrize("kind", [kind for kind in trying.KINDS if kind not in ("commands", "sentences")])
def test_a_good_input_of_every_kind_is_read(kind, good, watch, tmp_path, monkeypatch):
    monkeypatch.setattr(mutations, "damage", lambda *_: "nothing")
    result = trying.attempt(1, good, tmp_path / "place", watch, (kind,))
    assert (result["outcome"], result["outside"]) == ("read", []), result["said"]


@pytest.mark.parametrize("kind", trying.KINDS)
def test_no_damaged_input_crashes_or_strays(kind, good, watch, tmp_path):
    for seed in range(12):
        result = trying.attempt(seed, good, tmp_path / str(seed), watch, (kind,))
        assert result["outcome"] in ("read", "refused"), f"seed {seed}: {result['what']}\n{result['said']}"
        assert result["outside"] == [], f"seed {seed}: {result['what']}"


def test_the_same_seed_does_the_same_damage(good, tmp_path):
    done = []
    for name in "ab":
        copy = mutations.copy(good / "arm", tmp_path / name)
        done.append(mutations.damage(copy, random.Random(5), tmp_path / "outside"))
        done.append(sorted((path.name, path.read_bytes()) for path in copy.iterdir() if path.is_file()))
    assert done[:2] == done[2:]


def test_what_strays_is_seen(watch, tmp_path):
    with watch.on(tmp_path / "in", (tmp_path / "out",)) as heard:
        (tmp_path / "elsewhere").write_text("x")
        (tmp_path / "elsewhere").unlink()
    assert [line.partition(" ")[0] for line in heard] == ["open", "os.remove"]


def test_a_hang_or_a_death_is_counted_and_the_next_input_goes_on(monkeypatch, tmp_path):
    class Dead(fuzz._Worker):
        def _start(self):
            self.pending = []

        def begin(self, seed):
            self.busy, self._seed = seed is not None, seed
            return self.busy

        def result(self):
            self.busy = False
            told = {"kind": "bag", "what": "", "said": "", "outside": [], "megabytes": 0.0, "seconds": 0.0}
            return {**told, "seed": self._seed, "outcome": "hang" if self._seed == 1 else "read"}

        def end(self):
            pass

    monkeypatch.setattr(fuzz, "_Worker", Dead)
    monkeypatch.setattr(samples, "make", lambda folder: None)
    found = fuzz.fuzz_profile(3, faults=tmp_path / "faults")
    assert (found["inputs"], found["read"], found["hangs"], found["seeds_at_fault"]) == (3, 2, 1, [1])
    assert len(Path(tmp_path / "faults").read_text().splitlines()) == 1
