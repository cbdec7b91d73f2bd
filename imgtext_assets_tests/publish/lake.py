"""A small lake in memory, in which a row is verified, one repeats it, and one is rejected at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from imgtext_assets.tables import BY_NAME

URL = "https://pictures.example/1.jpg"
SHA256 = "ab" * 32
AT = datetime(2026, 1, 2, tzinfo=UTC)


class Lake:
    """Tables in memory; what is not given has no rows."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {}

    def add(self, name: str, **row: object) -> None:
        number = int(str(row["id"])) if str(row.get("id")).isdigit() else 0
        self.rows.setdefault(name, []).append({"shard": "a-00000", "source": "a", "source_row": number} | row)

    def scan(self, name: str, shard: str | Sequence[str] | None = None) -> pl.LazyFrame:
        table = BY_NAME[name]
        frame = pl.DataFrame(self.rows.get(name, []), {key: table.schema.get(key) for key in self._keys(name)})
        wanted = [shard] if isinstance(shard, str) else shard
        rows = frame.filter(pl.col("shard").is_in(wanted)) if wanted and "shard" in frame.columns else frame
        return table.conform(rows.lazy())

    def _keys(self, name: str) -> list[str]:
        schema = BY_NAME[name].schema
        return sorted({key for row in self.rows.get(name, []) for key in row if key in schema}) or list(schema)


def small_lake() -> Lake:
    """Row 1 is verified, row 2 repeats it, row 3 is rejected at once."""
    lake = Lake()
    for row_id, url in (("1", URL), ("2", "https://pictures.example/2.jpg"), ("3", None)):
        lake.add(
            "raw_metadata",
            id=row_id,
            url=url,
            url_key=url,
            creator="Ann example" if row_id == "1" else None,
            account="ann@example" if row_id == "1" else None,
            source_file="f.parquet",
            source_row=int(row_id),
            reject_reason=None if url else "bad_url",
            reject_detail=None if url else "no address",
        )
    for row_id in ("1", "2"):
        lake.add("license_filtered", id=row_id, license_id="CC0-1.0")
        lake.add("fingerprints", id=row_id, phash=7, fingerprint_of="original", fingerprint_sha256=SHA256)
        lake.add(
            "duplicate_clusters",
            id=row_id,
            cluster_id="1",
            keeper_id="1",
            keeper_shard="a-00000",
            rule=None if row_id == "1" else "same_bytes",
        )
        lake.add(
            "deduplicated",
            id=row_id,
            cluster_id="1",
            keeper_id="1",
            reject_reason=None if row_id == "1" else "same_bytes",
        )
    lake.add("resolution_filtered", id="1")
    lake.add("downloaded", id="1", sha256=SHA256, http_status=200)
    lake.add("verified", id="1", sha256=SHA256, width=640, height=480)
    lake.add("fetches", url_key=URL, url=URL, outcome="ok", fetched_at=AT)
    lake.add("link_checks", id="1", state="gone", checked_at=AT.replace(year=2027))
    lake.add("link_checks", id="1", state="alive", checked_at=AT)
    return lake
