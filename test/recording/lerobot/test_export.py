# SPDX-License-Identifier: Apache-2.0
"""``unified-agent export``, interrupted between two recordings."""

from unified_agent.cli import main
from unified_agent.recording.lerobot.writer import DatasetWriter

from .conftest import record


def test_an_interrupted_export_goes_on_after_its_last_whole_episode(tmp_path, monkeypatch, capsys):
    bags = [record(tmp_path / "run" / f"episode_{number:03d}") for number in range(3)]
    command = ["export", *map(str, bags), "--out", str(tmp_path / "dataset")]
    add = DatasetWriter.add

    def interrupted(writer, rows, task):
        if writer.episodes == 2:
            raise KeyboardInterrupt
        return add(writer, rows, task)

    monkeypatch.setattr(DatasetWriter, "add", interrupted)
    assert main(command) == 130
    written = []
    monkeypatch.setattr(DatasetWriter, "add", lambda *given: written.append(1) or add(*given))
    assert main(command) == 0
    assert len(written) == 1
    assert "wrote 3 episodes, 18 frames" in capsys.readouterr().out
    assert not list((tmp_path / "dataset").glob("*.json"))
