"""The command that builds the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.cli.app import app, end_with, running
from imgtext_assets.cli.rechecking import show_links
from imgtext_assets.cli.releasing import cut_release
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.demo import DemoWeb, decay, load_pages, write_sample
from imgtext_assets.demo.serve import PORT
from imgtext_assets.lake import LakeError
from imgtext_assets.tables import VERIFIED


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where the sample is written.")] = Path("data/sample"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the sample's web on 127.0.0.1.")] = PORT,
) -> None:
    """Build the sample: about 200 real photographs on a small web of their own, from metadata to a release.

    Then the links are rechecked, some of them rot, and they are rechecked again; a host that has withdrawn its consent
    is obeyed before the release.
    """
    project: Project = context.obj
    with console.waiting("writing the sample's photographs and metadata"):
        web = demo_web(folder, port)
    with web, running(project) as pipeline:
        problems = pipeline.discover()
        shards = project.shards()
        end_with(problems + pipeline.build(shards))
        console.show_funnel(stage_funnel(project.lake, shards))
        problems = pipeline.recheck(shards)
        web.pages = decay(web.pages)
        problems += pipeline.recheck(shards, everything=True)  # though it was only just asked
        show_links(project)
        problems += pipeline.build(shards) + pipeline.accounts()
        cut_release(pipeline)
    kept = project.scan(VERIFIED.name).filter(pl.col("reject_reason").is_null()).select("id").head(1).collect().item()
    console.show_next(kept)
    end_with(problems)


def demo_web(folder: Path, port: int) -> DemoWeb:
    """The sample's web, written and served. Raises LakeError where the folder or the port cannot be used."""
    try:
        write_sample(folder, f"http://127.0.0.1:{port}")
        return DemoWeb(load_pages(folder), port=port).start()
    except ImportError as error:
        raise LakeError(f"{error}; the sample's photographs come with: pip install 'imgtext-assets[demo]'") from None
    except OSError as error:
        raise LakeError(
            f"the sample's web cannot start on port {port}: {error}; if `make ui` is running, stop it first"
        ) from None
