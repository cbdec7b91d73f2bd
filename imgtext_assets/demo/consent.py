"""What the sample's hosts and opt-out list say of the use of pictures: no, for another robot, or nothing against it.

The words are those of X-Robots-Tag (https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag, with
`noai` and `noimageai` as DeviantArt proposed them), robots.txt (RFC 9309) and TDMRep
(https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/).

What belongs here: cases of consent and the host's own pages. What does not: obeying them (the rooms).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from imgtext_assets.demo.altered import image_of
from imgtext_assets.demo.cases import Link, published
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import CC0, Picture

DISALLOWED_FOLDER, RESERVED_FOLDER = "/private-use", "/reserved"
"""Closed to some robots by robots.txt; reserved by TDMRep."""
OPTED_OUT_ADDRESS, OPTED_OUT_DOMAIN = "http://gallery.example/opted-out.jpg", "opted-out.example"
"""What data/opt-outs.txt names, besides one file's SHA-256."""

_ROBOTS = f"""User-agent: *
Allow: /

User-agent: GPTBot
User-agent: CCBot
Disallow: {DISALLOWED_FOLDER}/
"""
HOST_PAGES = {
    "/robots.txt": Page(_ROBOTS.encode(), "text/plain; charset=utf-8"),
    "/.well-known/tdmrep.json": Page(
        json.dumps([{"location": f"{RESERVED_FOLDER}/*", "tdm-reservation": 1}]).encode(), "application/json"
    ),
}

_SAYING_NO = {
    "opted_out": {"X-Robots-Tag": "noindex, noai, noimageai"},
    "opted_out_of_image_index": {"X-Robots-Tag": "noimageindex"},
    "opted_out_by_name_of_robot": {"X-Robots-Tag": "GPTBot: noimageai"},
    "tdm_reserved_by_header": {"TDM-Reservation": "1"},
}
_SAYING_NOTHING_AGAINST_IT = {
    "opt_out_of_another_robot": {"X-Robots-Tag": "otherbot: noai, noimageai"},
    "tdm_not_reserved": {"TDM-Reservation": "0"},
}
_CLOSED_FOLDERS = {
    "robots_txt_disallows": (DISALLOWED_FOLDER, "robots_disallowed"),
    "tdm_reserved_by_host": (RESERVED_FOLDER, "opted_out"),
}


def consent_cases(pictures: Iterator[Picture], *names: str) -> list[Link]:
    """The cases of these names, in which all is right but for what the host says."""
    return [_said_by_host(published(name, next(pictures))) for name in names]


def _said_by_host(link: Link) -> Link:
    if (headers := _SAYING_NOTHING_AGAINST_IT.get(link.case)) is not None:
        return replace(link, page=Page(link.body, headers=headers))
    if (closed := _CLOSED_FOLDERS.get(link.case)) is not None:
        folder, reason = closed
        return replace(link, folder=folder).ends("downloaded", reason)
    return replace(link, page=Page(link.body, headers=_SAYING_NO[link.case])).ends("downloaded", "opted_out")


def listed_addresses() -> list[Link]:
    """Rows that the opt-out list names, by address and by domain; they are never asked for."""
    addresses = (OPTED_OUT_ADDRESS, f"https://images.{OPTED_OUT_DOMAIN}/any/picture.jpg")
    links = [Link("opt_out_list_names_address", "A picture that opted out.", CC0, address=a) for a in addresses]
    return [link.ends("license_filtered", "opted_out") for link in links]


def listed_file(picture: Picture) -> Link:
    """A row whose bytes the opt-out list names.

    They are the photograph's file as published, because one that is encoded here would change with the encoder.
    """
    link = published("opt_out_list_names_bytes", picture, body=picture.published_file)
    return replace(link, size=image_of(link).size).ends("verified", "opted_out")
