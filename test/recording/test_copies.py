# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from unified_agent.recording.copies import MARK, is_copy, without_copies


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        ("rosbag2_bagfile_information: {custom_data: {relabelled: '{}'}}", True),
        ("rosbag2_bagfile_information: {custom_data: {note: relabelled}}", False),
        ("rosbag2_bagfile_information: [relabelled]", False),
        ("relabelled", False),
        ("relabelled: [", False),
    ],
)
def test_a_labelled_copy_is_known_by_its_mark(tmp_path, text, copy):
    (tmp_path / "metadata.yaml").write_text(text)
    assert is_copy(tmp_path) is copy


def bag(folder, **custom):
    folder.mkdir()
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": {"custom_data": custom}}))
    return folder


def test_copies_are_left_out_beside_their_originals_and_kept_alone_or_named(tmp_path):
    original, copy = bag(tmp_path / "a"), bag(tmp_path / "b", **{MARK: "{}"})
    assert without_copies([original, copy]) == ([original], [copy])
    assert without_copies([copy]) == ([copy], [])
    assert without_copies([original, copy], [copy]) == ([original, copy], [])
