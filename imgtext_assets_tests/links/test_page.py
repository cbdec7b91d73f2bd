"""The page and the drawings: whole in themselves, and harmless whatever hosts are called."""

import base64
import re
from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest

from imgtext_assets.links import decay_page, losing_most, share_svg, survival_svg
from imgtext_assets_tests.links.checks import checks, learned, rounds

ON = date(2026, 7, 1)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e$\\frac{"
GONE = rounds([30, 60, 90], ["1"], "gone")


class Tags(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def drawings(page: str) -> list[str]:
    sources = [attrs["src"] or "" for tag, attrs in Tags(page).seen if tag == "img"]
    return [base64.b64decode(source.partition("base64,")[2]).decode() for source in sources]


@pytest.mark.parametrize("name", ["plain.example", HOSTILE])
def test_nothing_in_it_runs_or_is_loaded(name):
    observed = checks((0, "1", "alive"), *GONE, host=name, source=name)
    page = decay_page(learned(observed, checks((0, "1", "alive"), source="_other")), ON)
    tags = Tags(page)
    known = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "img", "table", "tr", "th", "td"}
    assert {tag for tag, _ in tags.seen} <= known
    assert all(
        (attrs["src"] or "").startswith("data:image/svg+xml;base64,") for tag, attrs in tags.seen if tag == "img"
    )
    assert {key for _, attrs in tags.seen for key in attrs} <= {
        "lang", "charset", "http-equiv", "content", "name", "src", "alt",
    }  # fmt: skip
    assert "\u202e" not in page
    assert "default-src 'none'" in page
    for drawing in drawings(page):
        assert "<script" not in drawing
        assert not re.findall(r'(?:href|src)="(?!#)', drawing)
    assert name.replace("\u202e", "") in tags.text


def test_it_says_what_is_known_and_what_will_be():
    text = Tags(decay_page(learned(checks((0, "1", "alive"), (0, "2", "alive"), *GONE, (90, "2", "alive"))), ON)).text
    assert "50.0% of 2 links are there; on 2026-07-01 it will be" in text
    assert "Observed from 2026-01-01 to 2026-04-01." in text


def test_the_same_tables_give_the_same_page_and_none_an_empty_one():
    found = learned(checks((0, "1", "alive"), *GONE))
    assert decay_page(found, ON) == decay_page(found, ON)
    assert "No link drawn evenly has been observed yet." in decay_page(learned(), ON)


def test_the_hosts_that_lose_most_are_those_with_most_dead_and_those_that_are_down():
    hosts = learned(
        checks((0, "1", "alive"), *GONE, host="one"),
        checks(*rounds([0], ["1", "2"], "alive"), *rounds([30, 60, 90], ["1", "2"], "gone"), host="two"),
        checks((0, "1", "unreachable"), host="down"),
        checks((0, "1", "alive"), host="fine"),
    ).hosts
    assert losing_most(hosts, 9)["host"].to_list() == ["two", "one", "down"]
    assert losing_most(hosts, 1)["host"].to_list() == ["two"]


def test_the_curves_are_named_by_source_where_there_are_several():
    one, other = checks((0, "1", "alive"), *GONE, source="one"), checks((0, "2", "alive"), source="other")
    assert ">all sources<" in survival_svg(learned(one).survival)
    both = survival_svg(learned(one, other).survival)
    assert both == survival_svg(learned(other, one).survival)
    assert all(f">{name}<" in both for name in ("all sources", "one", "other"))
    assert "<svg" in survival_svg(learned().survival)
    assert "<svg" in share_svg(pl.DataFrame(schema=learned().decay.schema))
