# SPDX-License-Identifier: Apache-2.0
"""Films that people judge without knowing what made them: a page to look at in any browser, and what they said.

The page asks no server and no network for anything: it is a folder that can be handed to somebody. Its films are in a
shuffled order, under numbers; which film is whose is written in a file beside the folder, which a rater has no need of.
"""

import html
import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder, write_whole

PAGE, KEY = "page", "key.json"
_INDEX = "index.html"
_MOST_RATINGS = 1_000

_HTML = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Rate films</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
#films { display: grid; grid-template-columns: repeat(auto-fill, minmax(17em, 1fr)); gap: 1em; }
figure { margin: 0; padding: .5em; border: 1px solid #bbb; border-radius: 6px; }
video { width: 100%; } .yes { background: #dff2df; } .no { background: #f6dede; }
footer { position: sticky; bottom: 0; background: #fff; padding: .8em 0; }
</style>
<h1>QUESTION</h1>
<p>Look at each film to its end and say whether it shows this. Answers are kept in this browser until they are saved.
Put the saved file into the folder of this page.</p>
<div id="films"></div>
<footer><label>Your name <input id="rater" maxlength="40"></label>
<button id="save">Save ratings</button> <span id="count"></span></footer>
<script>
const page = PAGE, films = FILMS, place = "ratings " + page;
const said = JSON.parse(localStorage.getItem(place) || "{}");
const show = () => { document.getElementById("count").textContent =
  Object.keys(said).length + " of " + films.length + " films rated"; };
for (const film of films) {
  const figure = document.createElement("figure"), video = document.createElement("video");
  Object.assign(video, {src: "films/" + film + ".mp4", controls: true, loop: true, muted: true, preload: "metadata"});
  figure.append(video, document.createElement("br"), film + " ");
  const answer = (word, yes) => {
    const button = document.createElement("button");
    button.textContent = word;
    button.onclick = () => { said[film] = yes; figure.className = word;
      localStorage.setItem(place, JSON.stringify(said)); show(); };
    figure.append(button);
  };
  answer("yes", true); answer("no", false);
  if (film in said) figure.className = said[film] ? "yes" : "no";
  document.getElementById("films").append(figure);
}
document.getElementById("save").onclick = () => {
  const rater = document.getElementById("rater").value.trim() || "anonymous";
  const text = JSON.stringify({page: page, rater: rater, ratings: said}, null, 1);
  const file = new Blob([text], {type: "application/json"});
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "ratings-" + rater.replace(/[^A-Za-z0-9]+/g, "-") + ".json";
  link.click();
};
show();
</script></html>
"""


class RatingPage:
    """A page of films, in a folder.

    Args:
        folder: the page becomes ``page/`` in it, and ``key.json`` lies beside that.
        question: asked of every film.
        films: names of what is to be shown, as `film` is asked for them; shuffled when the page is made first.

    Raises:
        UserError: another page is there, or it cannot be written.
    """

    def __init__(self, folder: Path, question: str, films: Sequence[str]) -> None:
        self._key = folder / KEY
        if self._key.is_file():
            kept = mapping(json_of(read_text(self._key), str(self._key)), str(self._key))
            self.id, self._numbers = str(kept.get("page")), mapping(kept.get("films"), f"{self._key}, films")
            if sorted(map(str, self._numbers.values())) != sorted(films):
                raise UserError(
                    f"{self._key} is of other films: remove it and '{PAGE}' beside it, or give another folder."
                )
        else:
            shuffled = list(films)
            secrets.SystemRandom().shuffle(shuffled)
            self.id = secrets.token_hex(8)
            self._numbers = {f"{number:04d}": name for number, name in enumerate(shuffled, start=1)}
            write_whole(self._key, json.dumps({"page": self.id, "films": self._numbers}, indent=1) + "\n")
        with OwnFolder.claim(folder / PAGE, "page of films", {"page": self.id}) as own:
            self.path = own.path / _INDEX
            self._films = {name: own.place(f"films/{number}.mp4") for number, name in self._numbers.items()}
            own.write(_INDEX, self._html(question))

    def film(self, name: str) -> Path:
        """Where the film of that name belongs."""
        return self._films[name]

    def ratings(self) -> list[dict]:
        """What people said: ``rater``, and ``ratings``: name of a film -> whether it shows what was asked.

        Raises:
            UserError: a file ``ratings*.json`` in the page's folder holds none of this page.
        """
        found = []
        for path in sorted(self.path.parent.glob("ratings*.json"))[:_MOST_RATINGS]:
            said = mapping(json_of(read_text(path), str(path)), str(path))
            given = mapping(said.get("ratings", {}), f"{path}, ratings")
            if said.get("page") != self.id:
                raise UserError(f"{path} holds the ratings of another page: move it away.")
            for number, yes in given.items():
                if number not in self._numbers or type(yes) is not bool:
                    raise BadDocument(f"{path}: film {shown(number)}: expected one of the page's, and true or false.")
            rated = {self._numbers[number]: yes for number, yes in given.items()}
            found.append({"rater": str(said.get("rater", ""))[:40], "ratings": rated})
        return found

    def _html(self, question: str) -> str:
        page = _HTML.replace("QUESTION", html.escape(question)).replace("PAGE", json.dumps(self.id))
        return page.replace("FILMS", json.dumps(sorted(self._numbers)))
