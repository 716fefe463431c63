# SPDX-License-Identifier: Apache-2.0
from PIL import Image

from unified_agent.training import pictures


def test_a_picture_too_large_to_be_one_is_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_LARGEST", 100)
    Image.new("RGB", (64, 48)).save(tmp_path / "large.png")
    assert pictures.picture(tmp_path / "large.png") is None


def test_pictures_are_found_in_folders_below(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/one.PNG", "a.jpg", "note.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in pictures.pictures_in(tmp_path)] == ["a.jpg", "one.PNG"]
    assert pictures.picture(tmp_path / "a.jpg") is None
