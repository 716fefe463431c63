# SPDX-License-Identifier: Apache-2.0
from unified_agent.training.relabelling.labels import Find, Labels
from unified_agent.training.relabelling.summary import told

SENTENCE, OTHER = "the door is open", "the door is green"


def labels(finds: int = 0, best: float = 0.1, lost: tuple[str, ...] = ()) -> Labels:
    found = [Find(SENTENCE, 1.0 + n, 2.0 + n, 0, 0, 1.2 + n, 0.5, 1.5 + n, 0, 4) for n in range(finds)]
    return Labels(
        "x",
        thresholds={SENTENCE: 0.25, OTHER: 0.3},
        image_topics=["/front"],
        frames=10,
        best={SENTENCE: best, OTHER: 0.05},
        finds=found,
        lost=list(lost),
    )


def test_one_recording_is_told_sentence_by_sentence():
    lines = told({"run/bag": labels(2)}, {})
    assert lines == [
        "run/bag: 10 moments of /front",
        "  the door is open: true from 1.00 s, 2.00 s",
        "  the door is green: never in 10 moments (best 0.050, threshold 0.300)",
        "1 recording looked at, 10 moments: 2 finds in 1 recording",
    ]


def test_true_but_not_for_long_enough_is_told_apart_from_never():
    assert "never for long enough in 10 moments (best 0.400" in told({"a": labels(best=0.4)}, {})[1]


def test_hundreds_of_recordings_are_told_in_few_lines():
    lost = "{} messages were read where 7 were promised"
    found = {f"run/{n:03d}": labels(n % 2, lost=(lost.format(n),)) for n in range(200)}
    failed = {f"/data/{n}": f"/data/{n} has no Image topic." for n in range(50)}
    lines = told(found, failed)
    assert len(lines) < 30
    assert "200 recordings looked at, 2000 moments: 100 finds in 100 recordings" in lines
    assert "  the door is open: 100 finds in 100 recordings" in lines
    assert "  the door is green: never in 2000 moments (best 0.050, threshold 0.300)" in lines
    assert [
        line
        for line in lines
        if line.startswith("left out or lost: 200 recordings (run/000, run/001, run/002 and 197 more)")
    ]
    named = "(/data/0, /data/1, /data/2 and 47 more)"
    assert lines[-1] == f"failed: 50 recordings {named}, the first: it has no Image topic."


def test_scenes_that_the_model_does_not_know_are_counted():
    strange = labels()
    strange.unfamiliar = 7
    [line] = [line for line in told({"a": strange, "b": labels()}, {}) if line.startswith("unfamiliar")]
    assert "7 moments in 1 recording (a)" in line
    assert "nothing is held true" in line
    assert "a guess" in " ".join(told({"a": strange}, {}, trusted=True))


def test_doubts_about_thresholds_are_told():
    assert "1 of 2 sentences" in told({"a": labels()}, {}, "1 of 2 sentences")


def test_different_failures_are_told_each():
    lines = told({}, {"/a": "it is no recording", "/b": "its disk is gone"})
    assert lines == ["failed: /a: it is no recording", "failed: /b: its disk is gone"]


def test_nothing_is_never_in_scenes_that_the_model_does_not_know():
    strange = labels()
    strange.unfamiliar = strange.frames
    assert not [line for line in told({"a": strange}, {}) if "never" in line]
    assert not [line for line in told(dict.fromkeys("abcd", strange), {}) if "never" in line]
    strange.unfamiliar = 7
    assert "never in 3 moments" in told({"a": strange}, {})[1]
    assert "never in 10 moments" in told({"a": strange}, {}, trusted=True)[1]
