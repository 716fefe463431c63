# SPDX-License-Identifier: Apache-2.0
"""Sentences that deny something: CLIP reads over the "not" and scores them as what they deny."""

import re
import unicodedata

# Each denies what follows, or leaves something out: what a picture shows cannot tell the two apart for CLIP.
_DENIALS = (
    r"not",
    r"cannot",
    r"\w+n't",
    r"(?:is|are|was|were|do|does|did|has|have|had|ca|wo|could|would|should|must|need|ai)nt",
    r"no(?![.]? ?\d)(?![- ](?:smoking|parking|entry|stopping|trespassing|swimming|littering)\b)",
    r"none",
    r"nor",
    r"neither",
    r"never",
    r"nobody",
    r"no[- ]one",
    r"nothing",
    r"nowhere",
    r"without",
    r"w/o",
    r"lack(?:s|ing|ed)?",
    r"absent",
    r"absence of",
    r"missing",
    r"(?:free|empty|clear|devoid|bare|void) of",
    r"(?:fail(?:s|ed|ing)?|refus(?:es|ed|ing)|unable) to",
    r"(?:false|untrue|wrong) that",
    r"(?:is|are) (?:false|untrue)",
    r"except(?:ing)?",
    r"excluding",
    r"(?:all|anything|everything) but",
    r"(?:other|rather) than",
    r"instead of",
    r"non(?!-(?:stick|slip|fiction)\b)-\w+",
    r"un-?(?:grasped|gripped|held|stacked|touched|moved|occupied)",
    r"zero (?:\w+ )?(?:objects?|cubes?|blocks?|box(?:es)?|things?|people)",
)
_DENIAL = re.compile(rf"(?<![\w-])(?:{'|'.join(_DENIALS)})(?![\w'])")
# What is quoted is a name, such as the text on a sign.
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)[‘'][^']*'(?!\w)")
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ´`′＇", "'"))


def denial(sentence: str) -> str | None:
    """The words by which an English sentence denies something, or None where it says what is there."""
    text = _QUOTED.sub(" ", unicodedata.normalize("NFKC", sentence.translate(_APOSTROPHES)))
    text = re.sub(r" ?n ?['‘]t\b", "n't", " ".join(text.casefold().replace("_", " ").split()))
    found = _DENIAL.search(text)
    return found.group() if found else None
