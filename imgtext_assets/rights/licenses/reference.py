"""The table as a page of markdown, `docs/licenses.md`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from imgtext_assets.rights.licenses.creative_commons import CC_LICENSES, CC_RETIRED
from imgtext_assets.rights.licenses.matching import phrase_key, template_key
from imgtext_assets.rights.licenses.model import License
from imgtext_assets.rights.licenses.table import FAMILIES, GROUPS, LICENSES
from imgtext_assets.text import markdown

_INTRODUCTION = """\
# Licences

What a source states is recognised whole or not at all: an address by its exact host and path, a phrase, id or
Wikimedia template by being one of those below, a Flickr number where the catalog says `license_scheme: flickr`. Case,
`http` or `https`, `www.`, a slash at the end, the language of a deed, and which of space, `-` and `_` separates words
make no difference. What is not here is unknown, and no policy lets it pass.

Creative Commons' licences are stated by code or name, with `CC`, `Creative Commons` or neither before it, and with the
version: `CC BY-SA 3.0 DE`, `by-sa 4.0`, `Attribution-ShareAlike 3.0 Germany`, `Attribution-Share Alike 4.0
International`. A phrase with an address or another phrase behind it counts where both mean the same licence.

A policy's `allow` names ids or groups. Of what a licence demands, `own-terms` are conditions that the other words do
not cover, and `reserved` permits nothing, or nobody knows what.
"""
_GROUPS = {
    "public-domain": "nobody claims copyright, at least in the place that is named",
    "open-commercial": "any use; at most attribution and share-alike are demanded",
    "non-commercial": "the same, or any use that is not commercial",
}


def licenses_page() -> str:
    """Every licence with its id, address, demands and ways to state it, as markdown, by family."""
    parts = [_INTRODUCTION, _table(("group", "meaning", "licences"), map(_group, GROUPS))]
    for family, licenses in FAMILIES.items():
        rows = [_row(list(ported)) for _, ported in groupby(licenses, key=_without_port)]
        parts += [f"\n## {family}\n", _table(("id", "title", "demands", "address", "also stated as"), rows)]
    parts += ["\n## Wikimedia templates\n", *map(_templates, LICENSES)]
    return "".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _group(name: str) -> tuple[str, ...]:
    return f"`{name}`", _GROUPS[name], str(len(GROUPS[name]))


def _without_port(known: License) -> str:
    """The id without a Creative Commons port's jurisdiction, so that a version's ports come together."""
    return known.id.removesuffix(f"-{(known.jurisdiction or '').upper()}") if _is_cc(known) else known.id


def _row(ported: list[License]) -> tuple[str, ...]:
    """A licence, or a version of one with its ports."""
    known, *ports = ported
    public = "public domain" + (f" ({known.jurisdiction})" if known.jurisdiction else "")
    demands = public if known.public_domain else known.demands.words
    also = [
        *([f"Flickr's {known.flickr}"] if known.flickr is not None else []),
        *([f"with {', '.join(f'`-{(port.jurisdiction or str()).upper()}`' for port in ports)}"] if ports else []),
        *(f"<{url}>" for url in known.urls),
        *(markdown(text, 500) for text in _other_spellings(known)),
    ]
    return f"`{known.id}`", markdown(known.title), demands, f"<{known.url}>" if known.url else "", "; ".join(also)


def _other_spellings(known: License) -> list[str]:
    """The spellings that are not the id or title in another dress; those of Creative Commons go without saying."""
    shown = {phrase_key(known.id), phrase_key(known.title)}
    others = {phrase_key(text): text for text in reversed(known.spellings) if phrase_key(text) not in shown}
    return [] if _is_cc(known) else [*reversed(others.values())]


def _is_cc(known: License) -> bool:
    return known in (*CC_LICENSES, *CC_RETIRED)


def _templates(known: License) -> str:
    names = [name for name in known.templates if not (_is_cc(known) and template_key(name) == phrase_key(known.title))]
    if not names:
        return ""
    return f"\n`{known.id}`: {', '.join(f'`{name}`' for name in names)}\n"
