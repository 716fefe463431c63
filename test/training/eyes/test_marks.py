# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from unified_agent.documents import BadDocument
from unified_agent.training.eyes.marks import Mark, MarkedMoment, means, read_marks, truth_of

TABLE = "the red object is on the table"
HEAD = "recording,sentence,from,to,true\n"


def marks_in(tmp_path, text: str) -> list[Mark]:
    (tmp_path / "marks.csv").write_text(text)
    return read_marks(tmp_path / "marks.csv")


def moments(*times: float) -> list[MarkedMoment]:
    return [MarkedMoment(time, 1000.0 + time) for time in times]


def test_marks_are_read_with_what_they_say_and_other_columns_are_left_alone(tmp_path):
    text = "peak,recording,sentence,from,to,true\n0.5,run/bag, the  red object is on the table ,1,2.5,\n"
    text += f",bag,{TABLE},3,4,no\n"
    assert marks_in(tmp_path, text) == [
        Mark("run/bag", TABLE, 1.0, 2.5, stamped=False),
        Mark("bag", TABLE, 3.0, 4.0, stamped=False, true=False),
    ]


def test_the_table_of_a_search_serves_and_its_stamps_go_before_its_offsets(tmp_path):
    text = f"recording,source,sentence,from,to,from_stamp,to_stamp\nbag,/x/bag,{TABLE},1,2,1000.5,1002.000000001\n"
    assert marks_in(tmp_path, text)[0] == Mark("bag", TABLE, 1000.5, 1002.000000001, stamped=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column 'recording'"),
        ("recording,sentence,from\n", "no column 'from, to'"),
        (HEAD + f"bag,{TABLE},a,2,\n", r"line 2: expected seconds .* not 'a'"),
        (HEAD + f"bag,{TABLE},nan,2,\n", "seconds"),
        (HEAD + f"bag,{TABLE}\n", "seconds"),
        (HEAD + f"bag,{TABLE},3,2,\n", "before it begins"),
        (HEAD + f"bag,{TABLE},1,2,perhaps\n", "yes, no or near"),
        (HEAD + "bag,,1,2,\n", "a recording and a sentence"),
        (HEAD + '"bag,x,1,2\n', "no table of marks"),
    ],
)
def test_malformed_marks_are_told_with_their_line(tmp_path, text, why):
    with pytest.raises(BadDocument, match=why):
        marks_in(tmp_path, text)


def test_marks_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "marks.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadDocument, match="cannot be read"):
        read_marks(tmp_path / "marks.csv")
    with pytest.raises(BadDocument, match="no regular file"):
        read_marks(tmp_path)


def test_a_mark_is_of_the_recording_whose_path_ends_with_its_name(tmp_path):
    mark = Mark("run/bag", TABLE, 0, 1, stamped=False)
    assert means(mark, tmp_path / "run" / "bag")
    assert means(mark, tmp_path / "run" / "bag.mcap")
    assert not means(mark, tmp_path / "other" / "bag")
    assert not means(mark, Path("/bag"))


def test_what_is_not_marked_is_false_and_what_is_near_the_edge_of_a_mark_is_not_counted():
    marks = [Mark("bag", TABLE, 1.0, 3.0, stamped=False)]
    assert truth_of(marks, moments(0.5, 0.8, 1.2, 2.0, 2.9, 3.1, 3.4), slack=0.3).tolist() == [0, -1, -1, 1, -1, -1, 0]


def test_where_false_times_are_marked_what_is_not_marked_does_not_count():
    marks = [Mark("bag", TABLE, 1, 2, stamped=False), Mark("bag", TABLE, 1003, 1004, stamped=True, true=False)]
    assert truth_of(marks, moments(0.0, 1.5, 2.5, 3.5), slack=0.1).tolist() == [-1, 1, -1, 0]


def test_what_is_marked_both_ways_is_not_counted():
    marks = [Mark("bag", TABLE, 1, 5, stamped=False), Mark("bag", TABLE, 2, 3, stamped=False, true=False)]
    assert truth_of(marks, moments(1.5, 2.5, 4.0), slack=0.1).tolist() == [1, -1, 1]


def test_a_single_moment_may_be_marked():
    assert truth_of([Mark("bag", TABLE, 1.0, 1.0, stamped=False)], moments(0.5, 1.0, 1.1), 0.3).tolist() == [0, 1, -1]
