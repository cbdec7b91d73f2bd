"""The sources of the sample, one module each: which cases their lists hold, in which schema, at which addresses.

What belongs here: rows in order, and the published schemas. What does not: the cases themselves (`cases`, `altered`,
`consent`), how rows become a web (`sample`).
"""

from __future__ import annotations

from imgtext_assets.demo.pictures import CC0, all_pictures
from imgtext_assets.demo.sources import datacomp, flickr, laion, megalith, museum, pd12m
from imgtext_assets.demo.sources.listing import Row, SourceList

__all__ = ["ORDINARY_FOLDERS", "Row", "SourceList", "all_sources"]

ORDINARY_FOLDERS = {
    "pd12m": pd12m.ORDINARY_FOLDER,
    "megalith": megalith.ORDINARY_FOLDER,
    "laion400m": laion.ORDINARY_FOLDER,
    "aesthetics": laion.AESTHETICS_FOLDER,
    "datacomp": datacomp.ORDINARY_FOLDER,
    "museum": museum.ORDINARY_FOLDER,
    "flickr": flickr.ORDINARY_FOLDER,
}
"""By source, the folder of its ordinary pictures; the planted cases' folders say which case they are."""


def all_sources() -> dict[str, SourceList]:
    """The sample's sources by name, in the order of its catalog.

    Lists without licences by row are CC0 as a whole, so they get only pictures that are. What repeats, repeats rows of
    PD12M's first file, which declares the larger size or has the earlier id and so is kept.
    """
    free = [picture for picture in all_pictures() if picture.photograph.license == CC0]
    opted_out, of_megalith, of_others = free[2], [free[0], *free[4:70:2]], free[-14:]
    taken = [opted_out, *of_megalith, *of_others]
    rest = iter([picture for picture in all_pictures() if picture not in taken])
    unlicensed = iter(of_others)

    listed = pd12m.pd12m(rest)
    first = listed.files[0].links
    sources = {
        "pd12m": listed,
        "megalith": megalith.megalith(iter(of_megalith), first),
        "laion400m": laion.laion400m(rest, first),
        "aesthetics": laion.aesthetics(unlicensed, first),
        "datacomp": datacomp.datacomp(unlicensed, first),
        "museum": museum.museum(rest),
        "flickr": flickr.flickr(rest, opted_out),
    }
    sources["pd12m"] = pd12m.with_early_file(listed, rest)
    return sources
