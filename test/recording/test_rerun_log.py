# SPDX-License-Identifier: Apache-2.0
import sys

import pytest

from unified_agent.errors import UserError
from unified_agent.recording.cameras import image_topics
from unified_agent.recording.reader import BagReader
from unified_agent.recording.rerun_log import rerun_log


def test_every_moment_is_in_the_file(episode, tmp_path):
    pytest.importorskip("rerun", reason="Rerun is optional")
    reader = BagReader(episode)
    assert rerun_log(reader, image_topics(reader), tmp_path / "episode.rrd") == 20
    assert (tmp_path / "episode.rrd").read_bytes()[:3] == b"RRF"


def test_without_rerun_the_user_is_told_how_to_get_it(episode, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    reader = BagReader(episode)
    with pytest.raises(UserError, match=r"unified_agent\[rerun\]"):
        rerun_log(reader, image_topics(reader), tmp_path / "episode.rrd")
