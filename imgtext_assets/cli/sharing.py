"""Commands that bring releases to others: sending one out, and fetching one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

from imgtext_assets.cli.app import app
from imgtext_assets.console import err, out
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.fetch.files import WebFiles
from imgtext_assets.lake import LakeError
from imgtext_assets.lake.copies import (
    Files,
    StoreFiles,
    fetch_release,
    hub_dataset,
    manifest_of,
    push_to_hub,
    push_to_store,
    release_files,
)
from imgtext_assets.lake.copies.together import Report
from imgtext_assets.manifest import is_version
from imgtext_assets.settings import FetchSettings
from imgtext_assets.text import plain

_WEB = ("https://", "http://")


@app.command()
def push(
    context: typer.Context,
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="s3://bucket/prefix, hf://datasets/ORG/NAME, or a folder.")
    ],
    version: Annotated[str | None, typer.Option(metavar="VERSION", help="Which release; else the newest.")] = None,
    private: Annotated[
        bool, typer.Option("--private", help="On the hub: a repository that is made is not for all to see.")
    ] = False,
) -> None:
    """Send a release to S3, to a dataset on the Hugging Face hub, or into a folder.

    On S3 it lies below the prefix under its version, and readers see it once it is whole. On the hub it is one commit
    and one tag; $HF_TOKEN must hold a token that may write. Interrupted, it goes on where it stopped; run again, it
    compares what is there.
    """
    project: Project = context.obj
    push_release(project, destination, version, private)


def push_release(project: Project, destination: str, version: str | None = None, private: bool = False) -> None:
    """Send one release, the newest unless named, and print where it is. Raises LakeError."""
    releases = project.lake.releases
    versions = releases.versions()
    if not versions:
        raise LakeError(f"{releases.root}: has no release yet: run `imgtext release` first")
    if version is not None and version not in versions:
        raise typer.BadParameter(f"{version!r} is no release; there are {', '.join(versions)}", param_hint="--version")
    repo = check_destination(destination)
    release = StoreFiles(releases.url(version or versions[-1]))
    with _bar(f"Sending {version or versions[-1]}", manifest_of(release).total) as report:
        if repo is not None:
            address = push_to_hub(release, repo, private, report)
        else:
            address = push_to_store(release, destination, report)
    out.print(Text.assemble(("Sent ", "bold"), plain(address)), soft_wrap=True)


def check_destination(destination: str) -> str | None:
    """The dataset on the hub that is meant, or None. A mistake is said before anything is cut or sent."""
    if "://" in destination and not destination.startswith(("s3://", "hf://")):
        raise typer.BadParameter(
            f"{plain(destination)}: expected s3://bucket/prefix, hf://datasets/ORG/NAME or a folder",
            param_hint="DESTINATION",
        )
    try:
        return hub_dataset(destination)
    except LakeError as mistake:
        raise typer.BadParameter(str(mistake), param_hint="DESTINATION") from None


@app.command(name="fetch-release")
def fetch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="https://host/path, s3://bucket/prefix, hf://datasets/ORG/NAME, or a folder."
        ),
    ],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to put it; else a folder named by the version.")
    ] = None,
    version: Annotated[str | None, typer.Option(metavar="VERSION", help="Which release; else the newest.")] = None,
    allow_network: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-network", metavar="CIDR", help="A private network that may be asked, such as 10.0.0.0/8."
        ),
    ] = None,
) -> None:
    """Fetch a release and check every file against its manifest: size, SHA-256, rows.

    Needs no catalog and no lake. SOURCE is what `imgtext push` was given, or one version of it; a web server cannot be
    asked what there is, so name the version's own address there, or --version. Interrupted, it goes on where it
    stopped; the folder is there once all is whole and right. Run again, it checks what is there.
    """
    files = _files(source, version, allow_network or [])
    manifest = manifest_of(files)
    target = folder or Path(manifest.version)
    with _bar(f"Fetching {manifest.version}", manifest.total) as report:
        fetch_release(files, target, manifest, report)
    rows = sum(file.rows or 0 for path, file in manifest.files.items() if path.startswith("metadata/"))
    checked = f"{manifest.version}: {rows:,} rows, {len(manifest.files):,} files, all as the manifest says"
    out.print(Text.assemble(("Release ", "bold"), checked))
    out.print(Text(f"  in        {target}"), soft_wrap=True)


def _files(source: str, version: str | None, networks: list[str]) -> Files:
    if not source.startswith(_WEB):
        return release_files(source, version)
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise typer.BadParameter(f"{network!r} is no network", param_hint="--allow-network") from None
    if version is not None and not is_version(version):
        raise typer.BadParameter(f"{version!r} is no version", param_hint="--version")
    root = source.rstrip("/") + (f"/{version}" if version else "")
    return WebFiles(root, FetchSettings(allow_networks=networks))


@contextmanager
def _bar(what: str, total: int) -> Iterator[Report]:
    """A progress bar of bytes; gives who is told of them."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda count: bars.advance(task, count)
