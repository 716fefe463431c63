# SPDX-License-Identifier: Apache-2.0
"""Recordings labelled anew and searched: what CLIP says of their frames, for sentences that nobody had thought of."""

from unified_agent.recording.copies import MARK
from unified_agent.training.relabelling.labels import Labels
from unified_agent.training.relabelling.question import Question
from unified_agent.training.relabelling.search import Search, relabel

__all__ = ["MARK", "Labels", "Question", "Search", "relabel"]
