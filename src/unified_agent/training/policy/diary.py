# SPDX-License-Identifier: Apache-2.0
"""What a learning run shows of itself: TensorBoard logs and a curve."""

from collections.abc import Sequence
from pathlib import Path

from unified_agent.training.board import Board
from unified_agent.training.runs import save_figure

CURVE, LOGS = "curve.png", "tensorboard"


class Diary:
    """Writes ``tensorboard/`` and ``curve.png`` in a run's folder.

    Args:
        folder: of the run.
        rounds, measured: rows that were written before.
    """

    def __init__(self, folder: Path, rounds: Sequence[dict], measured: Sequence[dict]) -> None:
        self._folder = folder
        actions = rounds[-1]["actions"] if rounds else 0
        self._board = Board(folder / LOGS, actions)
        self._rounds, self._measured = len(rounds), len(measured)

    def write(self, rounds: Sequence[dict], measured: Sequence[dict], title: str) -> None:
        """Log what is new, and draw the curve again if a measurement came."""
        for rows, known, prefix in ((rounds, self._rounds, "collect"), (measured, self._measured, "measured")):
            for row in rows[known:]:
                values = {f"{prefix}/{name}": value for name, value in row.items() if name != "actions"}
                self._board.log(row["actions"], values)
        if len(measured) > self._measured:
            draw_curve(rounds, measured, title, self._folder / CURVE)
        self._rounds, self._measured = len(rounds), len(measured)
        self._board.flush()

    def close(self) -> None:
        """Finish the logs."""
        self._board.close()


def draw_curve(rounds: Sequence[dict], measured: Sequence[dict], title: str, path: Path) -> None:
    """Success over actions: measured without exploration, and while exploring."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([r["actions"] for r in rounds], [r["success"] for r in rounds], lw=0.8, label="while exploring")
    axes.plot([m["actions"] for m in measured], [m["success"] for m in measured], "o-", label="measured")
    axes.set(xlabel="actions", ylabel="success rate (true poses)", title=title, ylim=(-0.02, 1.02))
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)
