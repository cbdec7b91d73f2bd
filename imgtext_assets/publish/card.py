"""The dataset card: a README.md in the form of the Hugging Face hub, filled from the manifest's real numbers.

What belongs here: words about a release. What does not: counting; whatever the card says is in the manifest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from imgtext_assets.publish.changes import in_words
from imgtext_assets.tables import BY_NAME, RELEASE
from imgtext_assets.text import markdown, plain

_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9./-]+")
METADATA_GLOB = "metadata/*.parquet"
# https://github.com/huggingface/hub-docs/blob/main/datasetcard.md lists the allowed values.
_SIZES = (
    (1e3, "n<1K"),
    (1e4, "1K<n<10K"),
    (1e5, "10K<n<100K"),
    (1e6, "100K<n<1M"),
    (1e7, "1M<n<10M"),
    (1e8, "10M<n<100M"),
)


def dataset_card(manifest: Mapping[str, Any]) -> str:
    """The card of the release that `manifest` describes (see `write.write_release`; `files` is not read).

    Text that comes from outside (addresses of licences, details) is escaped for markdown.
    """
    sections = (
        f"# {markdown(manifest['title'])}\n\n{_summary(manifest)}",
        f"## How to load it\n\n{_LOADING}{_forms(manifest['formats'])}",
        f"## Columns\n\n{_columns()}",
        f"## How it was made\n\n{_HOW}\n\n{_funnel(manifest['funnel'])}",
        f"## Sources\n\n{_sources(manifest)}",
        f"## Licences\n\n{_LICENSES}\n\n{_licenses(manifest['rows_by_license'])}",
        f"## How its links fare\n\n{_decay(manifest['decay'])}",
        f"## Since the release before\n\n{_changes(manifest)}",
        f"## Known limits\n\n{_limits(manifest['policy'])}",
    )
    return f"---\n{_front_matter(manifest)}---\n\n" + "\n\n".join(sections) + "\n"


_LOADING = """\
```python
import datasets, duckdb, polars

datasets.load_dataset("path/to/this/folder", split="train")
polars.scan_parquet("path/to/this/folder/metadata/*.parquet")
duckdb.sql("from 'path/to/this/folder/metadata/*.parquet'")
```

`manifest.json` has the size, SHA-256 and row count of every file, and `imgtext release verify FOLDER` checks them."""

_FORMS = {
    "webdataset": """\
`webdataset/*.tar` has the pictures with their captions (`.txt`) and rows (`.json`), as `webdataset` and `datasets` read
them.""",
    "laion400m": """\
`laion400m/` has the pictures as the builder `laion400m/images` of TensorFlow Datasets reads its `manual_dir`.""",
}
_DAYS_OF_A_YEAR = 365.25

_HOW = """\
Every row that the sources list went through these stages, and every row that ended has its reason: \
rows in = kept + rejected."""

_CLEANING = """\
`removals.parquet` names by salted hashes what takedowns removed of any release before. To clean a copy of one: \
`imgtext apply-removals FOLDER removals.parquet`."""

_LICENSES = "As stated by the sources and matched exactly against a table of known licences."


_LICENSE_FILE = """\
This dataset has two kinds of parts.

Metadata: which pictures there are, their addresses, sizes, hashes, and all else that is neither picture nor caption.
It is published under the licence {license}.

Pictures and captions, here or at the addresses: each under a licence of its own, as its source stated it. The columns
`license` (an address) and `license_id` of its row say which, and `attribution` has the credit line that the licence
asks for. Nothing here gives more rights to a picture than that licence does.
"""


def license_text(manifest: Mapping[str, Any]) -> str:
    """The file LICENSE of the release that `manifest` describes."""
    return _LICENSE_FILE.format(license=plain(manifest["license"]))


def _summary(manifest: Mapping[str, Any]) -> str:
    return (
        f"Version {manifest['version']}: {manifest['rows']:,} pictures with captions, as addresses and metadata. "
        "Each picture was fetched, decoded whole and measured; `hash` (MD5) and `sha256` are those of the bytes seen."
    )


def _front_matter(manifest: Mapping[str, Any]) -> str:
    fields = {
        "pretty_name": manifest["title"],
        "license": manifest["license"],
        "task_categories": ["text-to-image", "image-to-text"],
        "size_categories": [next((name for limit, name in _SIZES if manifest["rows"] < limit), "100M<n<1B")],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": METADATA_GLOB}]}],
    }
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)


def _licenses(rows_by_license: Mapping[str, int]) -> str:
    linked = (
        (f"<{url}>" if _PLAIN_URL.fullmatch(url) else markdown(url), f"{rows:,}")
        for url, rows in rows_by_license.items()
    )
    return _table(("licence", "rows"), linked)


def _columns() -> str:
    rows = [
        (f"`{c.name}`", str(c.dtype), f"{c.meaning}{f' Unit: {c.unit}.' if c.unit else ''}") for c in RELEASE.columns
    ]
    return _table(("column", "type", "meaning"), rows)


def _funnel(funnel: Iterable[Mapping[str, Any]]) -> str:
    """A line a stage, over all sources; `funnel` has `stage`, `source`, `reject_reason` (null: kept) and `rows`."""
    stages: dict[str, Counter[str]] = {}
    for entry in funnel:
        stages.setdefault(entry["stage"], Counter())[entry["reject_reason"] or ""] += entry["rows"]
    lines = []
    for stage, counts in stages.items():
        kept, total = counts.pop("", 0), counts.total()
        reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in counts.most_common())
        lines.append((f"`{stage}`", BY_NAME[stage].meaning, f"{kept + total:,}", f"{kept:,}", f"{total:,}", reasons))
    return _table(("stage", "what it does", "rows in", "kept", "rejected", "reasons"), lines)


def _changes(manifest: Mapping[str, Any]) -> str:
    if manifest["previous_version"] is None:
        return "This is the first release."
    counts = ", ".join(f"{rows:,} {change}" for change, rows in manifest["changes"].items())
    why = (
        f"{kind.capitalize()}: {in_words(reasons.items())}."
        for kind, reasons in manifest["why_rows_left"].items()
        if reasons
    )
    listed = f"Against {manifest['previous_version']}: {counts}. `changes.parquet` lists them."
    return "\n\n".join((" ".join((listed, *why)), _CLEANING))


def _limits(policy: Mapping[str, Any]) -> str:
    radius = policy["duplicates"]["radius"]
    return "\n".join(
        (
            "- Captions are as the sources give them; nobody checked that they are true, kind or in any one language.",
            "- Licences are what sources and files state. A statement can be wrong, and is no legal advice.",
            "- Addresses rot. A picture that is gone or changed no longer has the recorded hash: check it.",
            f"- Near-duplicates are told by 64-bit perceptual hashes within {radius} bits, which sees through "
            "recompression and scaling and misses larger crops, borders, rotations and mirror images.",
            "- No filter for unsafe content or for pictures of people was applied.",
        )
    )


def _forms(formats: Sequence[str]) -> str:
    """What else is in the folder: a sentence for each of `release.formats`."""
    return "".join(f"\n\n{_FORMS[name]}" for name in formats)


def _sources(manifest: Mapping[str, Any]) -> str:
    """For each source: what it listed, in which version, and what is here of it."""
    inputs = manifest["inputs"]
    lines = []
    for name in sorted(inputs.keys() | manifest["rows_by_source"].keys()):
        read = inputs.get(name, {"version": "unknown", "files": []})
        numbers = (
            len(read["files"]),
            sum(file["rows"] for file in read["files"]),
            manifest["rows_by_source"].get(name, 0),
        )
        lines.append((markdown(name), f"`{read['version']}`", *(f"{number:,}" for number in numbers)))
    table = _table(("source", "version of its lists", "files", "rows listed", "rows here"), lines)
    return f"{table}\n\n`manifest.json` names each file, and each row its own (`source_file`, `source_row`)."


def _decay(decay: Mapping[str, Any]) -> str:
    """What rechecks saw of the links of each source."""
    if not decay.get("by_source"):
        return "No link has been rechecked yet."
    lines = [
        (
            markdown(name),
            f"{seen['links']:,}",
            _share_there(seen),
            f"{seen['dead']:,}",
            "none died" if seen["half_life"] is None else f"{seen['half_life'] / _DAYS_OF_A_YEAR:,.1f} years",
        )
        for name, seen in decay["by_source"].items()
    ]
    table = _table(("source", "links rechecked", "there", "dead", "half-life"), lines)
    return (
        f"As of {decay['as_of']}. `there` is the share of the links that lead to their picture, by those that an "
        f"even draw follows, with its 95% band; `dead` counts links that were rechecked:\n\n{table}"
    )


def _share_there(seen: Mapping[str, Any]) -> str:
    share, lower, upper = (seen.get(name) for name in ("alive_share", "alive_lower", "alive_upper"))
    if share is None:
        return "not known"
    return f"{share:.1%}" if lower == upper else f"{share:.1%} ({lower:.1%} to {upper:.1%})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table; the cells are markdown already."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
