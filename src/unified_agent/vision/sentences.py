# SPDX-License-Identifier: Apache-2.0
"""Sentences that a CLIP can be asked about."""

from unified_agent.errors import UserError
from unified_agent.language.negation import denial
from unified_agent.vision.clip import Clip


def checked(clip: Clip, sentence: str) -> str:
    """The sentence itself.

    Raises:
        UserError: it is empty, denies something, or is longer than the model reads.
    """
    if not any(map(str.isalnum, sentence)):
        raise UserError(f"A sentence to look for must say something, not {sentence!r}.")
    if denied := denial(sentence):
        raise UserError(
            f"'{sentence}' denies something ('{denied}'): CLIP reads over that and would score what is denied. Ask "
            "for what is there instead, and read where that is not true; or name what can be seen in its place."
        )
    if clip.truncates(sentence):
        raise UserError(
            f"'{sentence[:60]}...' is longer than this CLIP reads ({clip.context_length} tokens, about as "
            "many words): say it shorter."
        )
    return sentence


def plain(sentence: str) -> str:
    """A sentence without what makes no difference: capitals, white space, a final stop."""
    return " ".join(sentence.casefold().split()).rstrip(" .!")
