# SPDX-License-Identifier: Apache-2.0
"""Instructions that must be refused, each with its reason (a key of ``language.refusal.REASONS``)."""

import random
import string

from unified_agent.language.subgoals import OBJECTS
from unified_agent.training.planner.wordings import english, strangers, tongues
from unified_agent.training.planner.wordings.names import NOUNS, colour_word, namer
from unified_agent.training.planner.wordings.templates import expand, say
from unified_agent.training.planner.wordings.towers import TOWERS

Refused = tuple[str, str]


def _colour_thing(rng: random.Random) -> str:
    return f"the {colour_word(rng.choice(OBJECTS), rng, 0.95)} {rng.choice(NOUNS)}"


def chat(rng: random.Random) -> Refused:
    """Small talk, questions about anything, other work: no request to move the objects."""
    thing, other = rng.choice(strangers.THINGS), rng.choice(strangers.THINGS)
    return say(strangers.CHAT, rng, t=thing, u=other, p=rng.choice(strangers.PLACES), n=rng.choice(strangers.NAMES), topic=rng.choice(strangers.TOPICS),
               c=rng.choice(OBJECTS), k=rng.choice(strangers.COLOURS)), "chat"  # fmt: skip


def question(rng: random.Random) -> Refused:
    """A question or a remark about the objects themselves."""
    x, y, z = rng.sample(OBJECTS, 3)
    name = namer(rng)
    return say(strangers.QUESTIONS, rng, x=name(x), y=name(y), z=name(z), c=x, d=y), "chat"


def stranger(rng: random.Random) -> Refused:
    """A good request but for an object, a colour or a place that is not here."""
    x, y, _ = rng.sample(OBJECTS, 3)
    name = namer(rng)
    colour = rng.choice(strangers.COLOURS)
    odd = rng.choice((f"the {colour} {rng.choice(NOUNS)}", f"the {colour} {rng.choice(NOUNS)}", colour, f"the {colour} one",
                      f"the {rng.choice(strangers.THINGS)}", f"the {rng.choice(strangers.THINGS)}", f"a {rng.choice(strangers.THINGS)}",
                      f"my {rng.choice(strangers.THINGS)}", f"the {rng.choice((*OBJECTS, colour))} {rng.choice(strangers.THINGS)}",
                      f"the {rng.choice(('fourth', 'fifth', 'triangular', 'round', 'transparent', 'striped', 'metal', 'invisible', 'multicoloured'))} {rng.choice(NOUNS)}"))  # fmt: skip
    kind = rng.randrange(12)
    if kind < 4:
        another = f"the {rng.choice(strangers.COLOURS)} {rng.choice(NOUNS)}"
        pair = rng.choice(([odd, name(y)], [odd, name(y)], [name(x), odd], [name(x), odd], [odd, another]))
        return say(english.STACK + english.STACK_WISHES[:8], rng, x=pair[0], y=pair[1]), "unknown"
    if kind < 6:
        return say(english.HOLD, rng, x=odd), "unknown"
    if kind < 7:
        return say(english.TABLE, rng, x=odd, y=name(y)), "unknown"
    if kind < 8:
        order = [odd, name(x), name(y)]
        rng.shuffle(order)
        return say(TOWERS, rng, a=order[0], b=order[1], c=order[2]), "unknown"
    if kind < 10:
        place = rng.choice(strangers.PLACES)
        return say(
            (
                english.PUT + " {x} {p}",
                english.TAKE + " {x} and put it {p}",
                "{x} belongs {p}",
                "I want {x} {p}",
                "{x} should be {p}",
            ),
            rng,
            x=name(x),
            p=place,
        ), "unknown"
    good = say(english.STACK, rng, x=name(x), y=name(y))
    bad = say(english.STACK, rng, x=odd, y=name(x)) if rng.random() < 0.5 else say(english.HOLD, rng, x=odd)
    return rng.choice(
        (f"{good} and then {bad}", f"{bad} and then {good}", f"first {good}, then {bad}", f"{good}, {bad}")
    ), "unknown"


def impossible(rng: random.Random) -> Refused:
    """What cannot become true: on itself, round in a circle, two at once."""
    x, y, z = rng.sample(OBJECTS, 3)
    name = namer(rng)
    X, Y, Z = name(x), name(y), name(z)
    link = rng.choice((" and ", ", and ", ", ", " while ", ". ", "; ", " and at the same time "))
    if rng.random() < 0.25:
        itself = rng.choice((X, "itself", "itself", f"the same {rng.choice(NOUNS)}"))
        return say((*english.STACK[:5], *english.STACK_WISHES[:6]), rng, x=X, y=itself), "impossible"
    if rng.random() < 0.35:
        on = rng.choice(("on", "on top of", "over", "above", "atop", "onto"))
        put = rng.choice(("put ", "stack ", "place ", "", "I want "))
        cycle = rng.choice((f"{put}{X} {on} {Y}{link}{Y} {on} {X}", f"{put}{X} {on} {Y}{link}{put}{Y} {on} {X}", f"{put}{X} {on} {Y}, {Y} {on} {Z}{link}{Z} {on} {X}",
                            f"{X} {on} {Y}, {Y} {on} {Z}, {Z} {on} {X}", f"{put}{X} and {Y} on top of each other both ways", f"{X} supports {Y}{link}{Y} supports {X}",
                            f"put {X} {on} {Y} while {Y} stays {on} {X}", f"{X} must be under {Y} and also on {Y}", f"{X} both above and below {Y}"))  # fmt: skip
        return cycle, "impossible"
    return say(strangers.IMPOSSIBLE, rng, x=X, y=Y, z=Z), "impossible"


def action(rng: random.Random) -> Refused:
    """Something a robot that grasps, stacks and puts down cannot do."""
    x, y, _ = rng.sample(OBJECTS, 3)
    name = namer(rng)
    return say(strangers.ACTIONS, rng, x=name(x), y=name(y), c=rng.choice((*OBJECTS, *strangers.COLOURS)), p=rng.choice(strangers.PLACES), n=rng.choice(strangers.NAMES)), "action"  # fmt: skip


def nothing(rng: random.Random) -> Refused:
    """That nothing be done."""
    x, y, _ = rng.sample(OBJECTS, 3)
    name = namer(rng)
    return say(strangers.NOTHING, rng, x=name(x), y=name(y)), "nothing"


def unclear(rng: random.Random) -> Refused:
    """A request that does not say which object, or where."""
    name = namer(rng)
    return say(strangers.UNCLEAR, rng, x=name(rng.choice(OBJECTS))), "unclear"


def injection(rng: random.Random) -> Refused:
    """An attempt to make the language model do something else."""
    return say(
        strangers.INJECTIONS,
        rng,
        x=_colour_thing(rng),
        topic=rng.choice(strangers.TOPICS),
        t=rng.choice(strangers.THINGS),
    ), "chat"


def gibberish(rng: random.Random) -> Refused:
    """Letters, numbers, signs, code and jumbled words."""
    kind = rng.randrange(6)
    if kind == 0:
        words = ("".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 8))) for _ in range(rng.randint(1, 6)))
        return " ".join(words), "chat"
    if kind == 1:
        syllables = (
            "bla",
            "flur",
            "wib",
            "zor",
            "gle",
            "mup",
            "tak",
            "nix",
            "bor",
            "sha",
            "lo",
            "qui",
            "fro",
            "dan",
            "kee",
            "pli",
            "woo",
            "ga",
            "zee",
            "ump",
        )
        return " ".join("".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(rng.randint(1, 5))), "chat"
    if kind == 2:
        return " ".join(str(rng.randrange(10 ** rng.randint(1, 6))) for _ in range(rng.randint(1, 4))), "chat"
    if kind == 3:
        return "".join(rng.choices("?!.,;:-_#+*/()%&$@<>{}[]=~^|", k=rng.randint(1, 10))), "chat"
    if kind == 4:
        words = expand(english.PUT + " the on " + english.TAKE + " and to then it a of is " + english.DOWN, rng).split()
        return " ".join(rng.sample(words, rng.randint(1, min(6, len(words))))), "unclear"
    return say(strangers.CODE, rng, topic=rng.choice(strangers.TOPICS), t=rng.choice(strangers.THINGS)), "chat"


def foreign(rng: random.Random) -> Refused:
    """Small talk and unknown objects in other languages."""
    tongue = rng.choice(("de", "fr", "es", "it"))
    x, y, _ = rng.sample(OBJECTS, 3)
    if rng.random() < 0.5:
        return expand(rng.choice(strangers.FOREIGN_CHAT[tongue]), rng), "chat"
    odd = rng.choice(strangers.FOREIGN_THINGS[tongue])
    kind = rng.randrange(3)
    if kind == 0:
        return tongues.speak(tongue, rng.choice(tongues.HOLD[tongue]), rng, {"x": odd}), "unknown"
    if kind == 1:
        return tongues.speak(tongue, rng.choice(tongues.STACK[tongue]), rng, {"x": odd, "y": y}), "unknown"
    return tongues.speak(tongue, rng.choice(tongues.STACK[tongue]), rng, {"x": x, "y": odd}), "unknown"


_KINDS = (
    (16, chat), (10, question), (24, stranger), (15, impossible), (13, action), (6, nothing), (7, unclear), (5, injection), (4, gibberish), (6, foreign),
)  # fmt: skip


def refused(rng: random.Random) -> Refused:
    """One instruction to refuse: (instruction, reason)."""
    weights, kinds = zip(*_KINDS, strict=True)
    return rng.choices(kinds, weights)[0](rng)
