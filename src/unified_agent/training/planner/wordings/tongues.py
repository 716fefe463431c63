# SPDX-License-Identifier: Apache-2.0
"""Requests in other languages. Slots: ``{x}`` moved, ``{y}`` below, ``{a}{b}{c}`` a tower from the top; ``n`` after
a slot's letter is the nominative, ``d`` the dative, where the language tells them apart."""

import random

from unified_agent.language.subgoals import OBJECTS
from unified_agent.training.planner.wordings.templates import expand

_GERMAN_NOUNS = (
    ("Würfel", "m"),
    ("Block", "m"),
    ("Klotz", "m"),
    ("Stein", "m"),
    ("Baustein", "m"),
    ("", "m"),
    ("Objekt", "n"),
)
_GERMAN_COLOURS = {"red": "rot", "green": "grün", "blue": "blau"}


def _german(rng: random.Random) -> dict[str, dict[str, str]]:
    noun, gender = rng.choice(_GERMAN_NOUNS)
    names = {}
    for colour, word in _GERMAN_COLOURS.items():
        accusative = f"das {word}e" if gender == "n" else f"den {word}en"
        nominative = f"das {word}e" if gender == "n" else f"der {word}e"
        names[colour] = {"": f"{accusative} {noun}", "n": f"{nominative} {noun}", "d": f"dem {word}en {noun}"}
        if rng.random() < 0.12:
            names[colour] = dict.fromkeys(("", "n", "d"), word)
    return names


def _uninflected(nouns: tuple[str, ...], colours: dict[str, str]):
    """Names for a language whose nouns do not change: ``{}`` in a noun is where the colour's word goes."""

    def names(rng: random.Random) -> dict[str, dict[str, str]]:
        noun = "{}" if rng.random() < 0.1 else rng.choice(nouns)
        return {colour: dict.fromkeys(("", "n", "d"), noun.format(word)) for colour, word in colours.items()}

    return names


_NAMES = {
    "de": _german,
    "fr": _uninflected(("le cube {}", "le bloc {}", "l'objet {}", "le {}", "le cube {}"), {"red": "rouge", "green": "vert", "blue": "bleu"}),
    "es": _uninflected(("el cubo {}", "el bloque {}", "el objeto {}", "el {}", "el cubo {}"), {"red": "rojo", "green": "verde", "blue": "azul"}),
    "it": _uninflected(("il cubo {}", "il blocco {}", "l'oggetto {}", "il {}", "il cubo {}"), {"red": "rosso", "green": "verde", "blue": "blu"}),
    "pt": _uninflected(("o cubo {}", "o bloco {}", "o objeto {}", "o {}"), {"red": "vermelho", "green": "verde", "blue": "azul"}),
    "nl": _uninflected(("de {} kubus", "het {} blok", "de {}", "het {} blokje"), {"red": "rode", "green": "groene", "blue": "blauwe"}),
}  # fmt: skip
_CONTRACTIONS = {
    "es": ((" de el ", " del "), (" a el ", " al ")),
    "it": ((" su il ", " sul "), (" su l'", " sull'"), (" a il ", " al "), (" a l'", " all'"), (" di il ", " del "), (" di l'", " dell'")),
    "pt": ((" em o ", " no "), (" de o ", " do "), (" a o ", " ao ")),
    "fr": ((" de le ", " du "), (" à le ", " au ")),
}  # fmt: skip

HOLD = {
    "de": ("[nimm|greif|greife|heb|hebe|hol|fass|pack|schnapp dir|ergreife|halte] {x}", "[heb|nimm|hebe] {x} [hoch|auf|in die Hand]", "[ich möchte, dass|bitte sorge dafür, dass] du {x} [nimmst|greifst|hebst|hochhebst]",
           "[kannst|könntest|würdest] du {x} [nehmen|greifen|hochheben|aufheben|holen]?"),
    "fr": ("[prends|attrape|saisis|soulève|lève|tiens|ramasse|prenez|attrapez] {x}", "[peux-tu|pourrais-tu|tu peux|pouvez-vous] [prendre|attraper|saisir|soulever|tenir] {x}", "je [veux|voudrais] que tu [prennes|saisisses|attrapes|tiennes] {x}"),
    "es": ("[coge|toma|agarra|levanta|sujeta|recoge|alza|sostén] {x}", "[puedes|podrías] [coger|tomar|agarrar|levantar|sujetar] {x}", "quiero que [cojas|tomes|agarres|levantes] {x}"),
    "it": ("[prendi|afferra|solleva|alza|tieni|raccogli] {x}", "[puoi|potresti] [prendere|afferrare|sollevare|tenere] {x}", "vorrei che [prendessi|sollevassi] {x}"),
    "pt": ("[pegue|pega|agarre|levante|segure] {x}", "[pode|poderia] [pegar|agarrar|levantar|segurar] {x}"),
    "nl": ("[pak|grijp|neem|til|hou] {x} [op|vast|]", "[kun|wil] je {x} [pakken|optillen|vastpakken]"),
}  # fmt: skip
STACK = {
    "de": ("[stell|stelle|leg|lege|setz|setze|stapel|stapele|staple|pack|tu|platziere|bau] {x} [oben auf|auf|oben auf|auf] {y}", "[stell|leg|setz|schieb] {y} unter {x}", "{xn} [soll|muss|gehört|kommt] [auf|oben auf] {y}",
           "{yn} [soll|muss|gehört|kommt] unter {x}", "{xn} [soll|muss] auf {yd} [liegen|stehen|sein]", "{yn} [soll|muss] unter {xd} [liegen|stehen|sein]", "[nimm|heb|greif] {x} und [stell|leg|setz] ihn auf {y}",
           "{xn} auf {y}", "auf {y} [stell|leg|kommt|soll] {x}", "[kannst|könntest|würdest] du {x} auf {y} [stellen|legen|setzen]?", "{yn} [soll|muss] {x} tragen", "[ich möchte|ich will] {x} auf {yd} [haben|sehen]"),
    "fr": ("[mets|pose|place|empile|dépose|mettez|posez|placez] {x} [sur|au-dessus de|par-dessus|sur] {y}", "[mets|pose|place|glisse] {y} [sous|en dessous de|au-dessous de] {x}", "{x} [doit être|va|doit aller|doit reposer] sur {y}",
           "{y} [doit être|va|doit aller|doit se trouver] [sous|en dessous de] {x}", "[prends|attrape] {x} et [mets|pose]-le sur {y}", "{x} sur {y}", "[peux-tu|pourrais-tu|tu peux] [mettre|poser|placer|empiler] {x} sur {y}",
           "je [veux|voudrais] {x} sur {y}", "{y} doit [porter|supporter|soutenir] {x}"),
    "es": ("[pon|coloca|apila|deja|sitúa|mete|ponga] {x} [encima de|sobre|en|arriba de|encima de] {y}", "[pon|coloca] {y} [debajo de|bajo] {x}", "{x} [debe estar|va|debe ir|tiene que estar] [encima de|sobre] {y}",
           "{y} [debe estar|va|debe ir|tiene que estar] [debajo de|bajo] {x}", "[coge|toma|agarra] {x} y [ponlo|colócalo|déjalo] [sobre|encima de] {y}", "{x} [sobre|encima de] {y}",
           "[puedes|podrías] [poner|colocar|apilar] {x} [encima de|sobre] {y}", "quiero {x} [encima de|sobre] {y}", "{y} debe [sostener|soportar] {x}"),
    "it": ("[metti|posa|appoggia|impila|colloca|poni] {x} [sopra|su|sopra a|in cima a] {y}", "[metti|posa|poni] {y} [sotto|sotto a] {x}", "{x} [deve stare|va|deve essere|dovrebbe stare] [sopra|su] {y}", "{y} [deve stare|va|deve essere] sotto {x}",
           "[prendi|afferra] {x} e [mettilo|posalo|appoggialo] [sopra|su] {y}", "{x} [sopra|su] {y}", "[puoi|potresti] [mettere|posare|impilare|appoggiare] {x} [sopra|su] {y}", "[voglio|vorrei] {x} [sopra|su] {y}", "{y} deve [sostenere|reggere] {x}"),
    "pt": ("[coloque|põe|ponha|empilhe|coloca] {x} [em cima de|sobre|em] {y}", "[coloque|ponha] {y} [debaixo de|embaixo de|sob] {x}", "{x} [deve ficar|vai] [em cima de|sobre] {y}", "{x} [em cima de|sobre] {y}"),
    "nl": ("[zet|leg|plaats|stapel] {x} [op|bovenop] {y}", "[zet|leg] {y} onder {x}", "{x} [moet|hoort|komt] op {y}", "{x} op {y}"),
}  # fmt: skip
TABLE = {
    "de": ("[stell|stelle|leg|lege|setz|setze|pack|tu] {x} [auf den Tisch|auf den Tisch|zurück auf den Tisch|auf den Tisch zurück|wieder auf den Tisch]", "[nimm|hol] {x} von {yd} [runter|herunter|weg]", "{xn} [soll|gehört|kommt|muss] auf den Tisch",
           "{xn} [soll|muss] auf dem Tisch [liegen|stehen]", "[leg|stell|setz] {x} [ab|hin]"),
    "fr": ("[mets|pose|place|dépose|remets|repose] {x} sur la table", "[enlève|retire|ôte] {x} de {y}", "{x} [doit être|va|doit aller] sur la table", "[prends|attrape] {x} et [pose|mets]-le sur la table", "[peux-tu|pourrais-tu] [poser|mettre] {x} sur la table"),
    "es": ("[pon|coloca|deja|baja] {x} [en|sobre|encima de] la mesa", "[quita|saca|retira] {x} de encima de {y}", "{x} [debe estar|va] [en|sobre] la mesa", "[coge|toma] {x} y [ponlo|déjalo] en la mesa"),
    "it": ("[metti|posa|appoggia|lascia|rimetti] {x} sul tavolo", "[togli|leva|rimuovi] {x} da {y}", "{x} [deve stare|va] sul tavolo", "[prendi|solleva] {x} e [mettilo|posalo] sul tavolo"),
    "pt": ("[coloque|ponha|deixe] {x} [na mesa|sobre a mesa|em cima da mesa]", "[tire|retire] {x} de cima de {y}"),
    "nl": ("[zet|leg|plaats] {x} [terug op|op] [de tafel|tafel]", "haal {x} van {y} af"),
}  # fmt: skip
TOWER = {
    "de": ("[baue|bau|mach|errichte] einen [Turm|Stapel]: [unten {c}|{c} unten], [in der Mitte {b}|dann {b}|{b} in der Mitte], [oben {a}|{a} oben|dann {a}]", "[baue|bau] einen Turm [mit|aus] {cd} unten, {bd} in der Mitte und {ad} oben",
           "[stapel|stell|leg|setz] {b} auf {c} und [dann|danach|] {a} auf {b}", "[von unten nach oben|von unten]: {cn}, {bn}, {an}", "[von oben nach unten|von oben]: {an}, {bn}, {cn}", "erst {b} auf {c}, dann {a} auf {b}",
           "{an} auf {b} und {bn} auf {c}", "[zuerst|erst] {cn}, [darauf|dann] {bn}, [darauf|zuletzt|und obendrauf] {an}", "{cn} ganz unten, {an} ganz oben, {bn} dazwischen"),
    "fr": ("[construis|fais|construisez|bâtis] une [tour|pile] : {c} en bas, {b} au milieu[,| et] {a} en haut", "[construis|fais] une tour avec {c} en bas, {b} au milieu et {a} en haut", "[empile|mets|pose] {b} sur {c} [puis|et|et ensuite] {a} sur {b}",
           "de bas en haut : {c}, {b}, {a}", "de haut en bas : {a}, {b}, {c}", "d'abord {b} sur {c}, ensuite {a} sur {b}", "{a} sur {b} et {b} sur {c}", "{a} en haut, {b} au milieu, {c} en bas"),
    "es": ("[construye|haz|arma] una [torre|pila] con {c} abajo, {b} en [el medio|medio] y {a} arriba", "[construye|haz] una torre: {c} abajo, {b} en medio, {a} [arriba|encima]", "[apila|pon|coloca] {b} sobre {c} [y luego|y después|y] {a} sobre {b}",
           "de abajo [a|hacia] arriba: {c}, {b}, {a}", "de arriba [a|hacia] abajo: {a}, {b}, {c}", "primero {b} sobre {c}, luego {a} sobre {b}", "{a} sobre {b} y {b} sobre {c}"),
    "it": ("[costruisci|fai|crea] una [torre|pila] con {c} [in basso|alla base|sotto], {b} [in mezzo|al centro] e {a} [in alto|in cima|sopra]", "[costruisci|fai] una torre: {c} sotto, {b} in mezzo, {a} sopra", "[impila|metti|posa] {b} su {c} [e poi|poi|e] {a} su {b}",
           "dal basso [all'alto|verso l'alto]: {c}, {b}, {a}", "dall'alto [al basso|verso il basso]: {a}, {b}, {c}", "prima {b} su {c}, poi {a} su {b}", "{a} su {b} e {b} su {c}"),
    "pt": ("[construa|faça] uma torre com {c} embaixo, {b} no meio e {a} em cima", "[coloque|ponha] {b} sobre {c} e depois {a} sobre {b}"),
    "nl": ("bouw een toren: {c} onderaan, {b} in het midden, {a} bovenop", "zet {b} op {c} en dan {a} op {b}"),
}  # fmt: skip
ALL_THREE = {
    "de": ("[stapel|staple|stapele] [alle drei|alles|alle] [Würfel|Blöcke|Objekte|]", "[baue|bau] einen Turm aus [allen|allen drei] [Würfeln|Blöcken|Objekten]"),
    "fr": ("empile [les trois|tous les] [cubes|blocs|objets]", "[construis|fais] une tour avec [tous les|les trois] [cubes|blocs|objets]"),
    "es": ("apila [los tres|todos los] [cubos|bloques|objetos]", "[construye|haz] una torre con [todos los|los tres] [cubos|bloques|objetos]"),
    "it": ("impila [tutti i|i tre|tutti e tre i] [cubi|blocchi]", "[costruisci|fai] una torre con [tutti i|i tre] [cubi|blocchi]"),
    "pt": ("empilhe [todos os|os três] [cubos|blocos]",),
    "nl": ("stapel [alle drie de|alle] blokken",),
}  # fmt: skip
THEN = {
    "de": (", dann ", " und dann ", ". Danach ", ", danach ", " und anschließend "), "fr": (", puis ", " et puis ", ". Ensuite, ", " et ensuite ", " puis "),
    "es": (", luego ", " y luego ", ". Después, ", " y después "), "it": (", poi ", " e poi ", ". Dopo, ", " e dopo "),
    "pt": (", depois ", " e depois "), "nl": (", dan ", " en dan ", " en daarna "),
}  # fmt: skip
PLEASE = {
    "de": ("bitte {}", "{}, bitte", "{} bitte", "hallo, {}", "{}, danke"), "fr": ("s'il te plaît, {}", "{}, s'il te plaît", "{} s'il vous plaît", "bonjour, {}", "{}, merci"),
    "es": ("por favor, {}", "{}, por favor", "{} por favor", "hola, {}", "{}, gracias"), "it": ("per favore, {}", "{}, per favore", "{} per piacere", "ciao, {}", "{}, grazie"),
    "pt": ("por favor, {}", "{}, por favor"), "nl": ("{} alsjeblieft", "{}, graag"),
}  # fmt: skip


def speak(tongue: str, template: str, rng: random.Random, colours: dict[str, str]) -> str:
    """The template in this language with ``colours``: slot letter -> colour, or any other word to use as it is."""
    names = _NAMES[tongue](rng)
    slots = {}
    for letter, colour in colours.items():
        forms = names.get(colour, dict.fromkeys(("", "n", "d"), colour))
        slots |= {letter + case: form for case, form in forms.items()}
    text = " " + expand(template, rng, **slots)
    for apart, together in _CONTRACTIONS.get(tongue, ()):
        text = text.replace(apart, together)
    text = text.strip().replace(" ,", ",")
    return rng.choice(PLEASE[tongue]).format(text) if rng.random() < 0.25 else text


def request(rng: random.Random) -> tuple[str, str]:
    """A request in one of the languages: (instruction, moves)."""
    tongue = rng.choices(("de", "fr", "es", "it", "pt", "nl"), (8, 8, 8, 8, 2, 2))[0]
    a, b, c = rng.sample(OBJECTS, 3)

    def move(kind: str, x: str, y: str) -> tuple[str, str]:
        if kind == "hold":
            return speak(tongue, rng.choice(HOLD[tongue]), rng, {"x": x}), x
        if kind == "table":
            return speak(tongue, rng.choice(TABLE[tongue]), rng, {"x": x, "y": y}), f"{x}/table"
        return speak(tongue, rng.choice(STACK[tongue]), rng, {"x": x, "y": y}), f"{x}/{y}"

    match rng.choices(("hold", "table", "stack", "tower", "open", "two"), (4, 4, 10, 7, 1, 3))[0]:
        case "tower":
            return speak(tongue, rng.choice(TOWER[tongue]), rng, {"a": a, "b": b, "c": c}), f"{b}/{c} {a}/{b}"
        case "open":
            return speak(tongue, rng.choice(ALL_THREE[tongue]), rng, {}), "red/blue green/red"
        case "two":
            first, second = (
                move("table", a, b),
                rng.choice((move("stack", b, c), move("hold", c, b), move("stack", c, a))),
            )
            return first[0].rstrip("?") + rng.choice(THEN[tongue]) + second[0], f"{first[1]} {second[1]}"
        case kind:
            return move(kind, a, b)
