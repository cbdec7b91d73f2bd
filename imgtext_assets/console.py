"""What the command line shows: tables, bars, and texts from the internet made harmless.

No Dagster here. Rich markup is never parsed in data: everything from outside goes through `plain`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from imgtext_assets.publish.changes import in_words
from imgtext_assets.publish.history import History
from imgtext_assets.publish.publications import Published
from imgtext_assets.text import plain

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
_LINKS = 3
_DISTANCES = {"distance": 64, "distance256": 256}


def fail(message: str) -> None:
    """One clear line to standard error."""
    err.print(Text.assemble(("error: ", "bold red"), plain(message, 2_000)), soft_wrap=True)


class Bars:
    """Progress bars: one for the shards, one for the long work inside a shard. Also Dagster's `progress` resource."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
        )
        self._inner: list[TaskID] = []

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def each(self, items: Sequence[Any], what: str) -> Iterable[Any]:
        """The items, with a bar that moves as they are taken."""
        task = self._bars.add_task(what, total=len(items))
        for item in items:
            yield item
            self._remove_inner()
            self._bars.advance(task)
        self._bars.remove_task(task)

    def start(self, context: Any, what: str) -> Callable[[int, int], None]:
        """A reporter for work inside an asset; several pieces of work may go on at once. Done, its bar is gone."""
        of = context.partition_key if context.has_partition_key else context.op.name
        task = self._bars.add_task(f"{of}: {what}", total=None)
        self._inner.append(task)

        def report(done: int, total: int) -> None:
            if task in self._inner:
                self._bars.update(task, completed=done, total=total)
                if done >= total:
                    self._inner.remove(task)
                    self._bars.remove_task(task)

        return report

    def _remove_inner(self) -> None:
        """Clear away the bars of work that ended early."""
        while self._inner:
            self._bars.remove_task(self._inner.pop())


def show_funnel(funnel: pl.DataFrame, by_source: bool = False) -> None:
    """The funnel: a line a stage (and source) with rows in, kept and rejected, and why. Nothing where it is empty."""
    if funnel.is_empty():
        return
    table = Table(title="Every row accounted for: rows in = kept + rejected", title_justify="left")
    sources = sorted(funnel["source"].unique()) if by_source else []
    if by_source:
        table.add_column("source")
    table.add_column("stage", no_wrap=True)
    for name in ("in", "kept", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("why", ratio=1)
    for source in [*sources, "all"] if len(sources) != 1 else sources:
        of_source = funnel if source == "all" else funnel.filter(source=source)
        for stage in of_source["stage"].unique(maintain_order=True):
            cells = _funnel_cells(of_source.filter(stage=stage))
            table.add_row(*([source] if by_source else []), stage, *cells)
        table.add_section()
    out.print(table)


def _funnel_cells(rows: pl.DataFrame) -> list[str]:
    rejected = rows.drop_nulls("reject_reason").group_by("reject_reason").agg(pl.col("rows").sum())
    reasons: list[tuple[str, int]] = rejected.sort("rows", "reject_reason", descending=[True, False]).rows()
    total, lost = int(rows["rows"].sum()), int(rejected["rows"].sum())
    why = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
    return [f"{total:,}", f"{total - lost:,}", f"{lost:,}" if lost else "", why]


def show_frame(frame: pl.DataFrame, title: str) -> None:
    """A small frame as a table."""
    table = Table(*frame.columns, title=Text(title), title_justify="left")
    for row in frame.iter_rows():
        table.add_row(*(escape(plain("" if value is None else value)) for value in row))
    out.print(table)


def show_accounts(accounts: pl.DataFrame, title: str) -> None:
    """Accounts with the number of their rows, what became of them, and pages to look at: a few lines each."""
    out.print(Text(title))
    for row in accounts.iter_rows(named=True):
        rows = f"  {row['source']}: {row['rows']:,} rows, {row['kept_share']:.0%} kept"
        decided = " ".join(plain(row[name]) for name in ("verdict", "who", "when", "why") if row[name])
        out.print(Text.assemble((plain(row["account"]), "bold"), rows, f"; {decided}" if decided else ""))
        rejected = ", ".join(f"{reason} {count:,}" for reason, count in json.loads(row["rejected"]).items())
        for line in ([f"rejected: {rejected}"] if rejected else []) + [plain(link) for link in row["samples"][:_LINKS]]:
            out.print(Text(f"  {line}"), soft_wrap=True)


_SEEN = ("checked_at", "state", "asked_by", "http_status", "head_status", "distance", "final_url", "detail")


def show_history(found: History, releases: Sequence[str]) -> None:
    """One row's way through every stage, its cluster, fetches, observations, removals and releases."""
    raw = found.raw
    out.print(Text(plain(raw["id"]), style="bold"), Text(f"source {raw['source']}, shard {raw['shard']}"))
    _lines("row", {name: raw[name] for name in ("url", "caption", "license", "creator") if raw[name]})
    table = Table("stage", "verdict", "facts", show_edge=False)
    for step in found.steps:
        why = [step.detail] if step.detail else []
        facts = "\n".join(plain(line) for line in [*why, *(f"{k} = {_value(v)}" for k, v in step.facts.items())])
        table.add_row(step.stage, Text(step.verdict, "green" if step.verdict == "goes on" else "red"), escape(facts))
    out.print(table)
    if found.cluster:
        _show_cluster(found)
    for title, rows, columns in (
        ("fetched", found.fetches, ("fetched_at", "url", "outcome", "http_status", "bytes", "attempts")),
        ("link seen", found.observations, _SEEN),
        ("removed", found.removals, ("removed_at", "kind", "value", "source", "reason", "request")),
        ("bytes", found.purges, ("at", "state", "sha256", "bytes", "reason")),
    ):
        for row in rows:
            _lines(title, {name: row[name] for name in columns if row[name] is not None})
    out.print(f"[bold]releases[/] {', '.join(releases) or 'in none'}")


def show_published(found: Published, version: object) -> None:
    """What a release by itself tells of a row: where it came from, under which licence, and what changed."""
    row = found.row or found.change or {}
    out.print(Text(plain(row.get("id") or "a row without a name"), style="bold"), Text(f"release {plain(version)}"))
    if found.withdrawn:
        out.print(Text("withdrawn: a takedown removed it; delete your copy", "red"))
    elif found.row is None:
        out.print(Text("no row of this release", "red"))
    for name, value in (found.row or {}).items():
        if value is not None:
            out.print(Text.assemble((f"  {plain(name):<14} ", "bold"), _value(value)), soft_wrap=True)
    changed = {name: value for name, value in (found.change or {}).items() if value is not None}
    if changed:
        _lines("since the release before", {k: v for k, v in changed.items() if k not in ("source", "id")})


def _show_cluster(found: History) -> None:
    """What the row repeats or is repeated by, a line each: by which rule, and how far from the one that is kept."""
    itself, more = (found.raw["shard"], found.raw["id"]), found.cluster_size - len(found.cluster)
    out.print(Text.assemble(("cluster ", "bold"), plain(found.cluster[0]["cluster_id"])))
    for row in found.cluster:
        bits = [f"{row[name]} of {all_}" for name, all_ in _DISTANCES.items() if row[name] is not None]
        notes = [f"{' and '.join(bits)} bits"] if bits else []
        notes += [f"mirror image of {plain(row['mirror_of'])}"] if row["mirror_of"] else []
        notes += ["this row"] if (row["shard"], row["id"]) == itself else []
        named = f"{plain(row['id'])} ({plain(row['shard'])})"
        out.print(Text(f"  {row['rule'] or 'kept':<14} {'  '.join([named, *notes])}"), soft_wrap=True)
    if more:
        out.print(Text(f"  and {more:,} more"))


def _lines(title: str, facts: dict[str, Any]) -> None:
    said = "  ".join(f"{name}={_value(value)}" for name, value in facts.items())
    out.print(Text.assemble((f"{title} ", "bold"), plain(said, 1_000)))


def _value(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else plain(value)


def show_release(url: str, metadata: dict[str, Any]) -> None:
    """Where a release lies, what changed, and how to load it."""
    files = f"{url}/metadata/*.parquet"
    changed = ", ".join(f"{count:,} {what}" for what, count in metadata["changes"].items())
    out.print(Text.assemble(("Release ", "bold"), f"{metadata['version']}: {metadata['dagster/row_count']:,} rows"))
    out.print(Text(f"  in        {url}"), soft_wrap=True)
    out.print(Text(f"  changes   {changed}"))
    for kind, reasons in metadata["why_rows_left"].items():
        if reasons:
            out.print(Text(f"  {kind:<9} {in_words(reasons.items())}"))
    for tool, line in (
        ("polars", f'pl.read_parquet("{files}")'),
        ("DuckDB", f"from '{files}'"),
        ("datasets", f'load_dataset("parquet", data_files="{files}")'),
    ):
        out.print(Text(f"  {tool:<9} {line}"), soft_wrap=True)


def waiting(what: str) -> AbstractContextManager[object]:
    """A spinner for work that has no count."""
    return err.status(f"{what} ...")


def show_next(row_id: str) -> None:
    """What one would type after the demo."""
    here = Path(sys.argv[0]).absolute()
    imgtext = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here.name
    out.print("\n[bold]Next[/]")
    for command, meaning in (
        ("make ui", "the same in the Dagster UI: graph, runs, metadata, checks"),
        (f"{imgtext} status", "the funnel by source"),
        (f"{imgtext} accounts", "who published the pictures: accounts that nobody has judged yet"),
        (f"{imgtext} trace {row_id}", "one row's whole way"),
        (f'{imgtext} remove {row_id} --reason "asked to"', "a takedown; then build and release"),
    ):
        out.print(Text(f"  {command}\n      {meaning}"), soft_wrap=True)
