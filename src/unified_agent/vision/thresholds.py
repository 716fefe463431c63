# SPDX-License-Identifier: Apache-2.0
"""Thresholds of sentences in a file: YAML, a sentence and its threshold a line."""

from pathlib import Path

from unified_agent.documents import BadDocument, mapping, read_text, shown, yaml_of


def read_thresholds(path: str | Path) -> dict[str, float]:
    """Sentence -> threshold, as `unified-agent calibrate` writes them.

    Raises:
        BadDocument: no such file, no mapping of sentences to cosines in [-1, 1], or an empty one.
    """
    path = Path(path).expanduser()
    content = mapping(yaml_of(read_text(path), str(path)), f"{path} (sentences with their thresholds)")
    if not content:
        raise BadDocument(f"{path} names no sentence: expected lines as 'the red object is on the table: 0.25'.")
    for sentence, gamma in content.items():
        number = isinstance(gamma, (int, float)) and not isinstance(gamma, bool)
        if not number or not -1.0 <= gamma <= 1.0:
            raise BadDocument(f"Expected a threshold in [-1, 1] for '{sentence[:80]}' in {path}, not {shown(gamma)}.")
    return {" ".join(sentence.split()): float(gamma) for sentence, gamma in content.items()}
