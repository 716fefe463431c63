# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from unified_agent.recording.losses import Losses
from unified_agent.recording.metadata import TOP, Metadata
from unified_agent.recording.reader import BagReader, NoBag

WRONG = [None, True, -1, 2.5, float("nan"), "text", [], {}, [1, None, {}], {"a": {}}, 10**400, "\ud800", b"\xff"]


@pytest.mark.parametrize("field", [*Metadata.__dataclass_fields__, "version", "relative_file_paths"])
def test_a_value_of_another_type_is_taken_for_missing(bag, field):
    text = (bag / "metadata.yaml").read_text()
    for value in WRONG:
        entries = yaml.safe_load(text)
        entries[TOP][field] = value
        (bag / "metadata.yaml").write_text(yaml.dump(entries), errors="replace")
        try:
            reader = BagReader(bag)
        except NoBag:
            assert field.startswith("compression")
            continue
        assert len(reader.topics) == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "5", f"{TOP}: 5", f"{TOP}: &a [*a]", "{", "\0", "a: 2001-99-99", "!!python/x 1"]
)
def test_a_broken_file_is_told_and_the_rest_read(bag, text):
    (bag / "metadata.yaml").write_text(text)
    reader = BagReader(bag)
    assert len(list(reader.messages(["/instruction"]))) == 1
    assert "metadata.yaml" in reader.losses[0]


def test_compression_in_another_form_is_refused_by_its_name(bag):
    text = (bag / "metadata.yaml").read_text()
    changed = text.replace("compression_format: ''", "compression_format: lz4").replace("_mode: ''", "_mode: message")
    (bag / "metadata.yaml").write_text(changed)
    with pytest.raises(NoBag, match="compressed as 'lz4'"):
        BagReader(bag)


def test_an_unknown_version_is_told_and_read(bag):
    text = (bag / "metadata.yaml").read_text()
    (bag / "metadata.yaml").write_text(text.replace("version: 8", "version: 99"))
    reader = BagReader(bag)
    assert len(reader.topics) == 3
    assert "version 99" in reader.losses[0]


def test_names_that_repeat_or_leave_the_folder_are_read_once(bag):
    text = (bag / "metadata.yaml").read_text()
    listed = "  - ../../bag_0.mcap\n  - /etc/passwd\n  - bag_0.mcap\n"
    (bag / "metadata.yaml").write_text(text.replace("  - bag_0.mcap\n", listed))
    metadata = Metadata.read(bag, Losses())
    assert metadata.files == ("bag_0.mcap", "passwd")
    assert len(list(BagReader(bag).messages(["/instruction"]))) == 1
