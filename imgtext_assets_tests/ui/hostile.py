"""A source whose every text attacks whoever looks at it: ids, captions, licences, and a file's own metadata."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
from PIL import Image

from imgtext_assets.demo import DemoWeb, Page
from imgtext_assets_tests.ui.project import Project

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
SHARD = "hostile-00000"
PICTURE = "/hostile.jpg"
# Sets a flag in the page where it runs as a script.
SCRIPT = "<script>window.hacked=1</script>"


class Tracker(DemoWeb):
    """A web server that hears of whoever loads the remote pictures in the texts."""

    def __init__(self) -> None:
        super().__init__({})

    def html(self, name: str) -> str:
        """An image in HTML that tells the tracker, and else runs a script."""
        return f"<img src={self.url(f'/{name}.png')} onerror=window.hacked=1>"

    def markdown(self, name: str) -> str:
        """An image in markdown, and a link that would run a script."""
        return f"![{name}]({self.url(f'/{name}.png')}) [look](javascript:window.hacked=1)"


def add_hostile_source(project: Project, tracker: Tracker) -> None:
    """Add the source `hostile` of four rows to a project that is not built yet.

    One each is rejected for its caption, its licence and what its file says; the fourth is fine but for its texts.
    """
    url, html, markdown = project.web.url, tracker.html, tracker.markdown
    rows = [
        (f"{SCRIPT}-1", url("/a.jpg"), f"© 2020 {html('caption')} {markdown('caption')}", CC0),
        (f"{html('id')}", url("/b.jpg"), "a hill", f"{SCRIPT} {markdown('license')}"),
        (f"{markdown('id')} | x", url(PICTURE), "a dune", CC0),
        ("plain", url("/fine.jpg"), f"{html('fine')} {markdown('fine')} {SCRIPT}", CC0),
    ]
    folder = project.folder / "hostile"
    folder.mkdir()
    frame = pl.DataFrame(rows, ["id", "url", "caption", "license"], orient="row")
    frame.with_columns(width=512, height=512, hash=None).write_parquet(folder / "hostile.parquet")
    claim = f"(c) 2019 {html('exif')} {SCRIPT}"
    project.web.pages |= {PICTURE: Page(_picture(1, claim)), "/fine.jpg": Page(_picture(2))}
    source = {"name": "hostile", "format": "pd12m", "paths": "hostile/*.parquet"}
    project.change_catalog(lambda catalog: catalog["sources"].append(source))


def _picture(seed: int, claim: str | None = None) -> bytes:
    """A JPEG of 512x512 pixels that resembles no other; its EXIF claims rights where a claim is given."""
    blocks = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    image = Image.fromarray(blocks).resize((512, 512), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    if claim:
        exif[0x8298] = claim  # Copyright (EXIF 2.32, 4.6.4)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()
