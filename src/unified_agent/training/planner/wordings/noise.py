# SPDX-License-Identifier: Apache-2.0
"""How people type: politeness, chatter, case, punctuation and typing errors."""

import random

from unified_agent.training.planner.wordings.templates import expand

_BEFORE = (
    "[please|pls|plz|kindly|please,]", "[could|can|would|will] you[ please| kindly|]", "[would you mind|do you think you could|is it possible for you to|I would like you to|I want you to|I need you to|you should|you must|you have to|go ahead and|try to|be so kind as to|your task is to|your job is to|I'd be glad if you could|let's|now|next|just|simply|quickly|carefully|gently|slowly]",
    "[hey|hi|hello|hey robot|ok robot|robot|hey there|dear robot|ok|okay|alright|so|well|right|listen|hi there|good morning|computer][,|:|!|, please|, could you|, can you|]", "[ok so|so basically|well, you know|um,|hmm,|I've been thinking:|here is what I want:|task:|instruction:|goal:|command:|next task:|my boss says you should|my mother wants you to|the plan is to|we have to hurry,|I am in a hurry,|before lunch,|for the demo,|it's simple:|as I said,|listen carefully:|this is important:|what I need is this:|first things first:|once more:|for the camera,]",
)  # fmt: skip
_BEFORE_WISH = (
    "[hey robot|ok|so|well|listen|hello|hi|please note|robot|right|alright|hmm|as I said|attention|remember|goal|task|instruction][,|:]",
    "[ok so|so basically|for the demo,|it's simple:|this is important:|here is what I want:|what I want is simple:|in the end|my boss says|as agreed,|I think|by noon,]",
)
_AFTER = (
    "[please|pls|thanks|thank you|thank you very much|cheers|if you can|if you don't mind|if possible|would you|will you|ok|okay|right now|now|quickly|carefully|gently|slowly|for me|as fast as you can|when you are ready|and be careful|and don't drop anything|robot|my friend|dear robot|alright|as soon as possible|asap|and take your time|and that's it|and we are done|that is all|nothing more|so I can take a picture|for the video|like I showed you|again|once more|I beg you|, it's urgent|, thanks in advance|, much appreciated|, got it?|, ok?|, can you?|, could you?|!|!!|...|:)]",
)  # fmt: skip
_NEAR = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "rw", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "y": "tu"}  # fmt: skip
_MISSPELT = {
    "blue": ("bleu", "blu", "bule", "bluee"), "green": ("gren", "greeen", "geen", "grean", "grene"), "red": ("rd", "rde", "redd", "reed"), "block": ("blok", "bolck", "blcok", "blokc"),
    "cube": ("cub", "qube", "cueb"), "object": ("objct", "objekt", "obejct", "obect"), "stack": ("stak", "satck", "stck", "stakc"), "put": ("putt", "pt", "ptu"), "place": ("plase", "plcae", "palce"), "the": ("teh", "th", "hte", "da"),
    "on": ("onn", "om"), "top": ("topp", "tpo"), "pick": ("pik", "pcik"), "please": ("pleas", "plz", "plase", "pls"), "grab": ("grap", "garb", "grb"), "table": ("tabel", "tabl", "talbe"), "under": ("undr", "uner", "udner"), "tower": ("towr", "twoer"),
    "bottom": ("botom", "bottm"), "middle": ("midle", "middel"), "you": ("u", "yu"), "and": ("an", "adn", "&", "n"), "then": ("than", "thn", "hten"), "you're": ("ur",), "are": ("r",), "one": ("oen", "1"),
}  # fmt: skip


def polite(text: str, wish: bool, rng: random.Random) -> str:
    """Words before and after; ``wish`` for a sentence that is not an imperative, which "could you" does not fit."""
    if rng.random() < 0.35:
        before = expand(rng.choice(_BEFORE_WISH if wish else _BEFORE), rng)
        text = f"{before} {text}"
        if before.startswith(("could", "can", "would", "will", "do you", "is it")):
            text += rng.choice(("?", "?", ""))
    if rng.random() < 0.2:
        after = expand(rng.choice(_AFTER), rng)
        text += (rng.choice((" ", ", ", " ")) if after[0] not in ",!." else "") + after
    return text


def typed(text: str, rng: random.Random) -> str:
    """Case, punctuation and typing errors."""
    roll = rng.random()
    if roll < 0.05:
        text = text.upper()
    elif roll < 0.5:
        text = text[:1].upper() + text[1:]
    elif roll < 0.55:
        text = text.title()
    if text[-1:].isalpha():
        text += rng.choice(("", "", "", "", ".", ".", ".", "!", " .", "..."))
    if rng.random() < 0.13:
        text = misspelt(text, rng)
    if rng.random() < 0.06:
        text = text.replace(",", "").replace(".", "")
    return text or "?"


def misspelt(text: str, rng: random.Random) -> str:
    """One to three typing errors: a common misspelling, or a letter dropped, doubled, swapped or missed."""
    words = text.split()
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(words))
        word = words[place]
        if word.lower() in _MISSPELT and rng.random() < 0.6:
            words[place] = rng.choice(_MISSPELT[word.lower()])
            continue
        if len(word) < 4:
            continue
        at = rng.randrange(1, len(word) - 1)
        letter = word[at]
        swapped = word[:at] + word[at + 1] + letter + word[at + 2 :]
        slip = rng.choice(("", letter * 2, rng.choice(_NEAR.get(letter, letter))))
        words[place] = swapped if rng.random() < 0.3 else word[:at] + slip + word[at + 1 :]
    return " ".join(words)
