"""Which captions are wanted: the rules of a caption policy. Captions themselves stay as they were given.

What belongs here: rules on the words of a caption. What does not: what a caption claims (`rights.claims`), how a
language is told (`languages`).

All rules judge a readable form of the caption: control characters and white space folded to single blanks, invisible
format characters (Unicode category Cf: bidirectional overrides, joiners) taken out, ends stripped. A missing caption
counts as an empty one. The patterns are Rust's dialect, whose time is linear in the text.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import CaptionPolicy
from imgtext_assets.sources.languages import other_language

Rule = tuple[pl.Expr, str, pl.Expr]

SHOWN = 200  # characters of a detail
LEAST_REPEATS = 10
"""Fewer rows with the same caption are never boilerplate. A share estimated from n repeats has a relative standard
error of 1/sqrt(n) (Poisson), so below 10 it is off by a third and more, and a shard of 20 rows would lose any caption
that comes twice. In a full shard of 100,000 rows this only matters to shares below 0.0001."""

_EXTENSION = r"\.(?:jpe?g|jfif|png|gif|bmp|tiff?|webp|avif|hei[cf]|svg|psd|dng|cr[23]|nef|arw|orf|raf|rw2)"
_NUMBERED = r"(?:image|img|photo|picture|pic|scan|file|download|unnamed|untitled|unbenannt)"
_STEMS = (
    # DCF (JEITA CP-3461): four free characters of A-Z, 0-9, _ and a number: DSC_0031, P1010231, _MG_1234. Four letters
    # may as well be a word before a year (EXPO1958), so of these only makers' own count, in the next pattern.
    r"(?:[0-9_][a-z0-9_]{3}|[a-z][0-9_][a-z0-9_]{2}|[a-z]{2}[0-9_][a-z0-9_]|[a-z]{3}[0-9_])[0-9]{4}",
    # Makers' and applications' prefixes, also with what publishing systems make of `_`: IMG-20190101, DSC 0031.
    r"_?(?:img|dsc[nf]?|imgp|[cr]img|pict|hpim|sany|dcp|mvi|mvimg|gopr|dji|pxl|vid|fb_img|received)[ _-]?[0-9]{3,}",
    # Telephones: a word, then a date: Screenshot_20190101, PANO_20190101, WP_20130101; or a date with a time.
    r"[a-z]+_(?:19|20)[0-9]{6}",
    r"(?:19|20)[0-9]{6}[ _-][0-9]{4,9}",
    # Screenshots and messengers, in words: Screenshot 2019-01-01 at 10.00.
    r"(?:screen ?shot|bildschirmfoto|capture d.écran|captura de pantalla|schermata|whatsapp image)[ _-](?:from )?"
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    # Programs that only count: image001, Untitled-1.
    _NUMBERED + r"[_-]?[0-9]+",
    # UUIDs (RFC 9562, 4), hexadecimal digests, and Flickr's files, {id}_{secret}_{size}
    # (https://www.flickr.com/services/api/misc.urls.html).
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"[0-9a-f]{16,}",
    r"[0-9]{6,}_[0-9a-f]{8,}_[a-z0-9]{1,2}",
)
# What copies, editors and messengers append: IMG-20190101-WA0003, DSC_0031 (2), IMG_1234-scaled, ... at 10.00.00 AM.
_TAIL = r"(?:[ _~.,-]*(?:[0-9]+(?:x[0-9]+)?|\([0-9]+\)|wa[0-9]+|copy|edit(?:ed)?|scaled|hdr|mp|at|um|à|alle|[ap]m))*"
_FILE_NAME = (
    r"(?i)^(?:"
    + rf"\S+{_EXTENSION}"  # one word and an extension
    + rf"|(?:{_NUMBERED})?[0-9 ._,:()-]*{_EXTENSION}"  # more words, but only numbers and such
    + rf"|(?:{'|'.join(_STEMS)}){_TAIL}(?:{_EXTENSION})?"
    + r")$"
)
_LETTER = r"\p{L}"


def caption_rules(policy: CaptionPolicy) -> list[Rule]:
    """What `policy` asks of the column `caption` of one shard's rows: (condition, reason, detail) for `tables.reject`.

    Empty where it asks nothing. Conditions are Boolean and never null; details are at most SHOWN characters. The one on
    boilerplate counts over the whole frame, which therefore has to hold all rows of the shard; the order of the rows
    matters to none.

    Raises CatalogError where languages are asked for that cannot be told (`languages.other_language`).

    >>> frame = pl.LazyFrame({"caption": ["DSC_0031.jpg", "A bird on a branch"]})
    >>> [(condition, reason, _)] = caption_rules(CaptionPolicy(reject_file_names=True))
    >>> frame.select(condition).collect().to_series().to_list(), reason
    ([True, False], 'caption_file_name')
    """
    text = readable(pl.col("caption"))
    rules: list[Rule] = []
    if policy.min_characters:
        rules.append(_too_short(text, policy.min_characters))
    if policy.reject_file_names:
        rules.append((is_file_name(text), "caption_file_name", text))
    if policy.reject_digits:
        rules.append((~has_letters(text), "caption_digits", text))
    if policy.boilerplate_share is not None:
        rules.append(_boilerplate(text, policy.boilerplate_share))
    if policy.languages:
        other = other_language(text, policy.languages)
        rules.append((other.is_not_null(), "caption_language", pl.format("{}: {}", other, text)))
    return [(condition, reason, detail.str.slice(0, SHOWN)) for condition, reason, detail in rules]


def readable(caption: pl.Expr) -> pl.Expr:
    """The form of a caption that is judged: on one line, without what cannot be seen; never null.

    >>> pl.select(readable(pl.lit(" A\\x00\\n bird\\u202e "))).item()
    'A bird'
    """
    return caption.fill_null("").str.replace_all(r"\p{Cf}", "").str.replace_all(r"[\s\p{Cc}]+", " ").str.strip_chars()


def is_file_name(text: pl.Expr) -> pl.Expr:
    """Whether a text is the name of a picture's file, with extension or, where cameras and programs name so, without.

    A sentence that mentions a file is none, nor are several words with an extension: these say what is to be seen.

    >>> texts = pl.Series(["IMG-20190101-WA0003", "sunset.jpg", "Sunset in Rome.jpg", "The file DSC_0031.jpg"])
    >>> pl.select(is_file_name(pl.lit(texts))).to_series().to_list()
    [True, True, False, False]
    """
    return text.str.contains(_FILE_NAME)


def has_letters(text: pl.Expr) -> pl.Expr:
    """Whether there is a letter of any script (Unicode category L); digits, punctuation, symbols and emoji are none.

    >>> pl.select(has_letters(pl.lit(pl.Series(["2019-05-01", "1/2", "🦊", "狐 2"])))).to_series().to_list()
    [False, False, False, True]
    """
    return text.str.contains(_LETTER)


def _too_short(text: pl.Expr, least: int) -> Rule:
    """Fewer Unicode characters than `least`. LAION-400M took 5 (https://laion.ai/blog/laion-400-open-dataset/)."""
    characters = text.str.len_chars()
    return (
        characters < least,
        "caption_too_short",
        pl.format("{} of {} characters: {}", characters, pl.lit(least), text),
    )


def _boilerplate(text: pl.Expr, share: float) -> Rule:
    """Captions that more than `share` of the frame's rows have, and at least LEAST_REPEATS.

    Two are the same that differ by case, white space and numbers alone: `Product 1234 image`, `Product 77 image`.
    Captions without letters are not judged here, or all numbers of a shard would be the same one.
    """
    same = text.str.to_lowercase().str.replace_all(r"\p{Nd}+", "0")
    repeats, rows = pl.len().over(same), pl.len()
    condition = has_letters(text) & (repeats >= LEAST_REPEATS) & (repeats > share * rows)
    return condition, "caption_boilerplate", pl.format("{} of {} rows have it: {}", repeats, rows, text)
