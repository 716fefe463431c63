# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from unified_agent.errors import UserError
from unified_agent.experiments.rating import RatingPage

FILMS = [f"0 000000500 {number}" for number in range(20)]


@pytest.fixture
def page(tmp_path):
    return RatingPage(tmp_path, "Does this show a humanoid </script> kneeling?", FILMS)


def rate(page, ratings, page_id=None):
    text = json.dumps({"page": page_id or page.id, "rater": "Ada", "ratings": ratings})
    (page.path.parent / "ratings-Ada.json").write_text(text)


def test_the_page_names_no_film_by_what_made_it(page):
    text = page.path.read_text()
    assert "000000500" not in text
    assert '"0001"' in text and '"0020"' in text


def test_the_page_asks_nobody_else_for_anything(page):
    assert "http" not in page.path.read_text()


def test_the_question_is_text_and_no_markup(page):
    assert "&lt;/script&gt; kneeling" in page.path.read_text()


def test_films_are_shuffled_and_stay_where_they_are(page, tmp_path):
    order = sorted(FILMS, key=lambda name: page.film(name).name)
    assert order != FILMS
    again = RatingPage(tmp_path, "Does this show a humanoid </script> kneeling?", FILMS)
    assert [again.film(name) for name in FILMS] == [page.film(name) for name in FILMS]


def test_what_people_said_is_told_by_film(page):
    number = page.film(FILMS[3]).stem
    rate(page, {number: True})
    assert page.ratings() == [{"rater": "Ada", "ratings": {FILMS[3]: True}}]


@pytest.mark.parametrize("ratings", [{"0999": True}, {"0001": "yes"}])
def test_ratings_that_are_none_are_refused(page, ratings):
    rate(page, ratings)
    with pytest.raises(UserError, match="expected one of the page's, and true or false"):
        page.ratings()


def test_ratings_of_another_page_are_refused(page):
    rate(page, {}, page_id="other")
    with pytest.raises(UserError, match="another page"):
        page.ratings()


def test_another_set_of_films_needs_another_page(page, tmp_path):
    with pytest.raises(UserError, match="of other films"):
        RatingPage(tmp_path, "Does this show a humanoid </script> kneeling?", FILMS[:5])
