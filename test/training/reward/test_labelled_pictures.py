# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from PIL import Image

from unified_agent.errors import UserError
from unified_agent.training.reward.labelled_pictures import labelled_pictures, views_of


def put(path, grey: int = 0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), grey, np.uint8)).save(path)
    return path


def test_folders_are_labels(tmp_path):
    paths = [put(tmp_path / label / "a.png") for label in ("0", "1", "near")]
    views = list(views_of(labelled_pictures(tmp_path), []))
    assert [(view.truth, view.near) for view in views] == [(0, False), (1, False), (0, True)]
    assert [view.episode for view in views] == list(map(str, paths))


def test_a_table_tells_labels_and_distances(tmp_path):
    put(tmp_path / "a.png", 7), put(tmp_path / "b.png")
    (tmp_path / "labels.csv").write_text("image,label,distance\na.png,1,0\nb.png,near,\n")
    first, second = views_of(labelled_pictures(tmp_path / "labels.csv"), [])
    assert (first.truth, first.distance, first.frames[0][0, 0, 0]) == (1, 0.0, 7)
    assert second.near
    assert math.isnan(second.distance)


def test_what_is_no_picture_is_told_and_left_out(tmp_path):
    put(tmp_path / "1" / "a.png"), (tmp_path / "1" / "b.png").write_text("no picture")
    unreadable = []
    assert len(list(views_of(labelled_pictures(tmp_path), unreadable))) == 1
    assert unreadable == [tmp_path / "1" / "b.png"]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("picture,label\na.png,1\n", "columns image and label"),
        ("image,label\na.png,perhaps\n", "line 2: expected 1, 0, near"),
        ("image,label,distance\na.png,1,far\n", "a number as the distance"),
        ("image,label\n../a.png,1\n", "leaves the folder"),
        ("image,label\n", "no labelled pictures"),
    ],
)
def test_a_table_that_makes_no_sense_is_told(tmp_path, table, why):
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(UserError, match=why):
        labelled_pictures(tmp_path / "labels.csv")


def test_a_folder_that_is_no_label_is_told(tmp_path):
    put(tmp_path / "nearly" / "a.png")
    with pytest.raises(UserError, match="Did you mean 'near'"):
        labelled_pictures(tmp_path)
