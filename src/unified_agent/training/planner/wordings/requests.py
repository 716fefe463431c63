# SPDX-License-Identifier: Apache-2.0
"""English requests for whole plans, each with the moves it means (the shorthand of ``Plan.of_moves``).

The conventions (docs/planner.md): what an instruction leaves open follows the order green, red, blue from the top;
a plain list of a tower is read from the top, one with order words ("then", "first") from the bottom; relations
without order words describe the end, and are built from the bottom; putting everything on the table goes red,
green, blue.
"""

import random

from unified_agent.language.subgoals import OBJECTS
from unified_agent.training.planner.wordings import english, towers
from unified_agent.training.planner.wordings.names import PLURALS, Namer, namer
from unified_agent.training.planner.wordings.templates import expand, say

Request = tuple[str, str]
_OPEN_ORDER = ("green", "red", "blue")


def tower(top: str, middle: str, bottom: str) -> str:
    """The moves that build a tower."""
    return f"{middle}/{bottom} {top}/{middle}"


def _three(rng: random.Random) -> list[str]:
    return rng.sample(OBJECTS, 3)


def _clause(move: str, name: Namer, rng: random.Random, wish: float = 0.0, pool: dict | None = None) -> str:
    """One move in words: an imperative, or with probability ``wish`` a statement of how things should be."""
    subject, _, support = move.partition("/")
    # "take it off Y" is also said of the table: the plan does not depend on where it was.
    other = support if support in OBJECTS else rng.choice([o for o in OBJECTS if o != subject])
    kind = {"": "hold", "table": "table"}.get(support, "stack")
    imperatives = {"hold": english.HOLD, "table": english.TABLE, "stack": english.STACK}[kind]
    wishes = {"hold": english.HOLD_WISHES, "table": english.TABLE_WISHES, "stack": english.STACK_WISHES}[kind]
    return say(wishes if rng.random() < wish else imperatives, rng, x=name(subject), y=name(other))


def single(rng: random.Random) -> Request:
    """One move."""
    x, y, _ = _three(rng)
    move = rng.choices((x, f"{x}/{y}", f"{x}/table"), (3, 6, 2))[0]
    return _clause(move, namer(rng), rng, wish=0.35), move


def with_bystander(rng: random.Random) -> Request:
    """One move, and an object that is to be left alone."""
    x, y, z = _three(rng)
    name = namer(rng)
    move = rng.choices((x, f"{x}/{y}", f"{x}/table"), (2, 5, 1))[0]
    clause, leave = _clause(move, name, rng, wish=0.2), say(english.LEAVE, rng, z=name(z))
    if leave.startswith("without"):
        return rng.choice((f"{clause} {leave}", f"{leave}, {clause}")), move
    return rng.choice((f"{clause}, {leave}", f"{clause}. {leave}", f"{leave}, {clause}", f"{leave}. {clause}",
                       f"{clause} and {leave}", f"{clause} but {leave}", f"{leave} and {clause}", f"{clause} - {leave}")), move  # fmt: skip


def contrast(rng: random.Random) -> Request:
    """A choice or a correction: not this, that."""
    x, y, z = _three(rng)
    name = namer(rng)
    stack, hold = f"{x}/{y}", x
    put, on = rng.choice(("put", "place", "stack", "set")), rng.choice(("on", "on top of", "onto"))
    grab = rng.choice(("pick up", "grab", "take", "lift", "hold", "get"))
    oops = rng.choice(("no wait,", "no,", "sorry,", "sorry, I mean", "I mean", "oops,", "wait,", "actually,", "rather", "er,",
                       "correction:", "scratch that,", "no, make that", "hmm, no,", "sorry, I meant"))  # fmt: skip
    gap = rng.choice((", ", "... ", " - ", " ... ", "; "))
    X, Y, Z = name(x), name(y), name(z)
    return rng.choice((
        (f"not {Z}, {grab} {X}", hold),
        (f"{grab} {X}, not {Z}", hold),
        (f"{grab} {X} and not {Z}", hold),
        (f"{grab} {X} instead of {Z}", hold),
        (f"don't {grab} {Z}, {grab} {X}", hold),
        (f"don't {grab} {Z}. {grab} {X}", hold),
        (f"{grab} {Z}{gap}{oops} {X}", hold),
        (f"{grab} neither {Z} nor {Y} but {X}", hold),
        (f"{grab} the {rng.choice(('one', 'block', 'object', 'cube'))} that is {rng.choice(('not', 'neither'))} {z} {rng.choice(('or', 'nor'))} {y}", hold),
        (f"{grab} the {rng.choice(('one', 'block', 'object', 'cube'))} that isn't {z} or {y}", hold),
        (f"not the {z} and not the {y} one: {grab} the {rng.choice(('other', 'third', 'last', 'remaining'))} one", hold),
        (f"forget {Z} and {Y}, {rng.choice(('just ', ''))}{grab} {X}", hold),
        (f"{grab} anything but {Z} or {Y}", hold),
        (f"{grab} {X}, don't put it {rng.choice(('down', 'on anything', 'anywhere'))}", hold),
        (f"{grab} {X} and {rng.choice(('wait', 'hold it', 'keep it there', 'stay like that', 'nothing else'))}", hold),
        (f"{put} {X}, not {Z}, {on} {Y}", stack),
        (f"{put} {X} and not {Z} {on} {Y}", stack),
        (f"{put} {X} {on} {Y}, not {on} {Z}", stack),
        (f"{put} {X} {on} {Y}, not {Z}", stack),
        (f"{put} {X} {on} {Y} instead of {Z}", stack),
        (f"don't {put} {X} {on} {Z}, {put} it {on} {Y}", stack),
        (f"not {Z} {on} {Y}, {X} {on} {Y}", stack),
        (f"not {Y} {on} {X} but {X} {on} {Y}", stack),
        (f"not {X} {on} {Z}, {X} {on} {Y}!", stack),
        (f"{put} {Z}{gap}{oops} {X}{gap}{on} {Y}", stack),
        (f"{put} {Z} {on} {Y}{gap}{oops} {put} {X} {on} {Y}", stack),
        (f"{put} {X} {on} {Z}{gap}{oops} {on} {Y}", stack),
        (f"{put} {X} {on} {Z}{gap}{oops} {Y}", stack),
        (f"{put} {X} {on} the {rng.choice(('one', 'block', 'object'))} that is not {z}", stack),
        (f"{put} {X} {on} the {rng.choice(('one', 'block', 'object'))} that isn't {z}", stack),
        (f"{put} the one that is {rng.choice(('not', 'neither'))} {y} or {z} {on} {Y}", stack),
        (f"{rng.choice(('do not use', 'leave out', 'without', 'ignore', 'not using'))} {Z}{rng.choice((',', ':', ';'))} stack the other two with {X} on top", stack),
        (f"stack the other two {rng.choice(PLURALS)}, not {Z}, with {X} {rng.choice(('on top', 'above'))}", stack),
        (f"stack the other two, leaving {Z} out, with {Y} {rng.choice(('at the bottom', 'below'))}", stack),
        (f"stack everything but {Z}, {X} on top", stack),
        (f"anything but {Z}: {put} {X} {on} {Y}", stack),
    ))  # fmt: skip


def whole_tower(rng: random.Random) -> Request:
    """A tower whose order is said."""
    a, b, c = _three(rng)
    name = namer(rng)
    return say(towers.TOWERS, rng, a=name(a), b=name(b), c=name(c)), tower(a, b, c)


def open_tower(rng: random.Random) -> Request:
    """A tower whose order is left open, in part or in whole."""
    name, first = namer(rng), rng.choice(OBJECTS)
    others = [o for o in _OPEN_ORDER if o != first]
    match rng.choice(("open", "bottom", "top")):
        case "open":
            return say(towers.OPEN_TOWERS, rng), tower(*_OPEN_ORDER)
        case "bottom":
            return say(towers.OPEN_BOTTOM, rng, c=name(first)), tower(*others, first)
        case _:
            return say(towers.OPEN_TOP, rng, a=name(first)), tower(first, *others)


def grown_tower(rng: random.Random) -> Request:
    """A stack of two, then one more: on that, on top, the remaining one."""
    a, b, c = _three(rng)
    name = namer(rng)
    base = _clause(f"{b}/{c}", name, rng, wish=0.2)
    third = name(a) if rng.random() < 0.6 else say(english.REST, rng)
    top = say(english.ON_THAT, rng, x=third) if rng.random() < 0.7 else say(english.STACK[:4], rng, x=third, y=name(b))
    return _join([base, top], rng), tower(a, b, c)


def apart(rng: random.Random) -> Request:
    """Several objects onto the table."""
    a, b, c = _three(rng)
    name = namer(rng)
    A, B, C = name(a), name(b), name(c)
    everything = " ".join(f"{o}/table" for o in OBJECTS)
    pair = " ".join(f"{o}/table" for o in OBJECTS if o != c)
    put = rng.choice(("put", "place", "set", "lay", "move", "take"))
    down = expand(english.DOWN, rng)
    heap = rng.choice(("tower", "stack", "pile"))
    undo = rng.choice(("take it apart", "unstack it", "take it down", "unstack it from the top", "take it down from the top",
                       "dismantle it", "undo it", "take it apart block by block"))  # fmt: skip
    whole = rng.choice((say(towers.APART, rng), f"{undo.replace('it', 'the ' + heap, 1)}"))
    colon = rng.choice((": ", ", ", " - ", "; ", ". "))
    return rng.choice((
        (say(towers.APART, rng), everything),
        (say(towers.APART, rng), everything),
        (f"{put} {A} and {B} {down}", f"{a}/table {b}/table"),
        (f"{put} both {A} and {B} {down}", f"{a}/table {b}/table"),
        (f"{A} and {B} {rng.choice(('go', 'belong', 'should be', 'must be'))} on the table", f"{a}/table {b}/table"),
        (f"{put} {rng.choice(('everything', 'all', 'every block', 'all blocks'))} {rng.choice(('except', 'but', 'except for', 'apart from'))} {C} {down}", pair),
        (f"everything {rng.choice(('except', 'but', 'other than'))} {C} {rng.choice(('goes', 'belongs', 'should be', 'must go'))} on the table", pair),
        (f"{put} the other two {rng.choice(PLURALS)}, not {C}, {down}", pair),
        (f"{put} {A}, {B} and {C} {down}", f"{a}/table {b}/table {c}/table"),
        (f"{put} all three {down}: {A}, {B}, {C}", f"{a}/table {b}/table {c}/table"),
        (f"{put} all {rng.choice(PLURALS)} {down} one by one, {A} first, then {B}, then {C}", f"{a}/table {b}/table {c}/table"),
        (f"there is a {heap}: {A} on {B} on {C}. {undo}", f"{a}/table {b}/table"),
        (f"{undo.replace('it', 'the ' + heap, 1)} of {A} on {B} on {C}", f"{a}/table {b}/table"),
        (f"the {heap} is {A}, {B}, {C} from the top. {undo}", f"{a}/table {b}/table"),
        (f"{A} is on {B} and {B} is on {C}; {undo}", f"{a}/table {b}/table"),
        (f"there is a {heap}: {A} on {B} on {C}. {undo}, {rng.choice(('leave', 'leaving', 'but keep'))} {C} {rng.choice(('where it is', 'there', 'in place'))}", f"{a}/table {b}/table"),
        (f"{A} is on {B}, {undo}", f"{a}/table"),
        (f"unstack {A} and then {B}", f"{a}/table {b}/table"),
        (f"{whole}{colon}first {A}, then {B}", f"{a}/table {b}/table"),
        (f"{whole}{colon}{A} first, {B} {rng.choice(('second', 'next', 'after that', 'then'))}", f"{a}/table {b}/table"),
        (f"{whole}{colon}{rng.choice(('start', 'begin', 'starting', 'beginning'))} with {A}, then {B}", f"{a}/table {b}/table"),
        (f"{whole}{colon}first {A}, then {B}{rng.choice((', then', ' and finally', ', last'))} {C}", f"{a}/table {b}/table {c}/table"),
        (f"take {A} off, then {B}", f"{a}/table {b}/table"),
        (f"take {A} off, take {B} off", f"{a}/table {b}/table"),
    ))  # fmt: skip


def two_places(rng: random.Random) -> Request:
    """One object onto the table, and one of the other two onto the other, told as one wish."""
    a, b, c = _three(rng)
    name, moves = namer(rng), [f"{a}/table", f"{b}/{c}"]
    if rng.random() < 0.3:
        moves.reverse()
    clauses = [_clause(move, name, rng, wish=0.3) for move in moves]
    return rng.choice((" and ", " and ", ", and ", " and then ", ", ", "; ", ", then ", " but ")).join(
        clauses
    ), " ".join(moves)


def rearranged(rng: random.Random) -> Request:
    """How things are now, and how they should be instead."""
    x, y, z = _three(rng)
    name = namer(rng)
    now = say(english.IS_ON, rng, x=name(x), y=name(y)) + rng.choice(
        ("", " right now", " now", " at the moment", " already")
    )
    X, Y, Z = name(x), name(y), name(z)
    swap = rng.choice(("swap them", "swap the two", "swap them round", "reverse them", "exchange them", "I want it the other way round",
                       "turn the stack upside down", "make it the other way around", "reverse the order", "switch them", "do it the other way round",
                       "change places", "it should be the other way round", "flip the order", "swap their places"))  # fmt: skip
    off = rng.choice(
        (
            "take it off",
            "remove it",
            "put it on the table",
            "get it down",
            "take it down",
            "unstack it",
            "take it off again",
            "put it down",
        )
    )
    stop = rng.choice((". ", ", ", "; ", " - ", ": ", ", so ", ". please "))
    reverse = f"{x}/table {y}/{x}"
    return rng.choice((
        (f"{now}{stop}{swap}", reverse),
        (f"{now}{stop}{swap}", reverse),
        (f"swap {X} and {Y}, {now}", reverse),
        (f"{now}{stop}put {Y} on {X} instead", reverse),
        (f"{now}, but I want {Y} on {X}", reverse),
        (f"{now}, but {Y} should be on {X}", reverse),
        (f"{now}{stop}{off}", f"{x}/table"),
        (f"{now}{stop}put {X} on {Z} instead", f"{x}/{z}"),
        (f"{now}{stop}move it to {Z}", f"{x}/{z}"),
        (f"{now}, but it should be on {Z}", f"{x}/{z}"),
        (f"{now}{stop}put {Z} on top", f"{z}/{x}"),
        (f"{now}{stop}add {Z}", f"{z}/{x}"),
        (f"{now}{stop}take {X} off and put {Y} on {Z}", f"{x}/table {y}/{z}"),
        (f"{now}{stop}clear {Y}, then put {Z} on it", f"{x}/table {z}/{y}"),
        (f"move {X} from {Y} to {Z}", f"{x}/{z}"),
        (f"{rng.choice(('take', 'lift', 'get'))} {X} off {Y} and put it on {Z}", f"{x}/{z}"),
        (f"{rng.choice(('move', 'shift', 'transfer'))} {X} over from {Y} {rng.choice(('to', 'onto', 'on'))} {Z}", f"{x}/{z}"),
    ))  # fmt: skip


def _random_moves(rng: random.Random, count: int) -> list[str]:
    """Moves that follow from each other: no object is moved while covered, and the last one may stay held."""
    below: dict[str, str] = {}
    moves: list[str] = []
    last = None
    for number in range(count):
        clear = [o for o in OBJECTS if o not in below.values()]
        movable = [o for o in clear if o != last or rng.random() < 0.3]
        if not movable:
            break
        x = rng.choice(movable)
        supports = [o for o in clear if o != x and below.get(x) != o]
        options = [f"{x}/{y}" for y in supports for _ in range(2)]
        if below.get(x) != "table":
            options += [f"{x}/table"] * (2 if x != last else 1)
        if number == count - 1 and number:
            options += [x] * 2
        if not options:
            break
        move = rng.choice(options)
        moves.append(move)
        below[x] = move.partition("/")[2] or "hand"
        last = x
    return moves


def several(rng: random.Random) -> Request:
    """Two to five moves one after another, in the order of carrying out or told backwards."""
    moves = _random_moves(rng, rng.choices((2, 3, 4, 5), (10, 5, 2, 1))[0])
    name = namer(rng)
    clauses = []
    for before, move in zip([None, *moves], moves, strict=False):
        clauses.append(_following(before, move, name, rng))
    told_backwards = len(moves) == 2 and not _refers_back(clauses[1]) and rng.random() < 0.25
    return (_backwards(clauses, moves, name, rng) if told_backwards else _join(clauses, rng)), " ".join(moves)


def _following(before: str | None, move: str, name: Namer, rng: random.Random) -> str:
    """The clause of a move; where it moves what was just moved, or stacks on it, often with a pronoun."""
    x, _, y = move.partition("/")
    if before and rng.random() < 0.6:
        last = before.partition("/")[0]
        if x == last and y == "table":
            return say(english.AND_IT_DOWN, rng)
        if x == last and y:
            return say(english.AND_IT_OVER, rng, y=name(y))
        if y == last and before.partition("/")[2] not in ("", "table"):
            return say(english.ON_THAT, rng, x=name(x))
    return _clause(move, name, rng, wish=0.15)


def _refers_back(clause: str) -> bool:
    return bool({"it", "that", "them", "this", "those", "top"} & set(clause.replace(",", " ").split()))


def _join(clauses: list[str], rng: random.Random) -> str:
    style = rng.randrange(9)
    if style == 0:
        return ". ".join(clauses)
    if style == 1:
        return " ".join(f"{n}. {clause}" if rng.random() < 0.97 else clause for n, clause in enumerate(clauses, 1))
    if style == 2:
        words = ["first", "then", "next", "after that", "then"][: len(clauses) - 1]
        words.append(rng.choice(("finally", "last", "then", "lastly", "at the end")))
        return rng.choice((", ", ". ", "; ")).join(
            f"{word} {clause}" for word, clause in zip(words, clauses, strict=True)
        )
    links = (", then ", " and then ", ", and then ", "; then ", ". Then ", ". After that, ", ", after that ", " and ", ", and ", ". Next, ",
             " and afterwards ", ", next ", "; after this ", ". Afterwards ", ", ", "; ", " then ", ". And then ", ". Now ", "; now ",
             ", once that is done ", ". When that is done, ", ", and finally ", ". Finally, ", ", followed by this: ")  # fmt: skip
    text = rng.choice(("", "", "", "first ", "first of all ", "to start, ", "start: ", "begin: ")) + clauses[0]
    for clause in clauses[1:]:
        text += rng.choice(links) + clause
    return text


def _backwards(clauses: list[str], moves: list[str], name: Namer, rng: random.Random) -> str:
    """Two moves with the later one named first, or the earlier one as a condition."""
    first, second = clauses
    x, _, y = moves[0].partition("/")
    options = [
        f"before you {second}, {first}", f"{second}, but first {first}", f"{second}, but before that {first}", f"{second} after you {first}", f"{second} - but {first} first", f"finally {second}, but begin with this: {first}",
        f"{second} once you {first}", f"{second}, but only after you {first}", f"last, {second}; first, {first}", f"do this second: {second}. do this first: {first}",
    ]  # fmt: skip
    if y and y != "table":
        state = say(english.IS_ON, rng, x=name(x), y=name(y))
        doing = expand(english.DOING, rng, x=name(x), y=name(y))
        options += [f"once {state}, {second}", f"when {state}, {second}", f"after {doing}, {second}", f"{second} after {doing}", f"{second} as soon as {state}",
                    f"{second}, but only once {state}", f"as soon as {state}, {second}", f"{second}, but only after {state}", f"before {second.replace('put', 'putting', 1)}, {first}" if second.startswith("put ") else f"before you {second}, {first}"]  # fmt: skip
    return rng.choice(options)


_KINDS = (
    (28, single), (5, with_bystander), (9, contrast), (22, whole_tower), (4, open_tower), (7, grown_tower), (5, apart), (6, rearranged), (20, several), (5, two_places),
)  # fmt: skip


def request(rng: random.Random) -> Request:
    """One English request: (instruction, moves)."""
    weights, kinds = zip(*_KINDS, strict=True)
    return rng.choices(kinds, weights)[0](rng)
