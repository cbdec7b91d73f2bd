"""What the clusters of all shards come to: pairs by distance, sizes, shares by source, and the largest clusters.

What belongs here: counting in `tables.DUPLICATE_CLUSTERS` and `tables.FINGERPRINTS` as they are. What does not: how
the clusters come about (`clusters`), what becomes of their rows (`verdicts`), how the figures are shown.

Tables are read lazily and streaming. Memory grows with the groups that are counted (16 bytes a cluster at most, few
sources, few distances), never with the rows. A rule is whatever word the table has; see `columns.CLUSTER`.
"""

from __future__ import annotations

import polars as pl

HAS_KEEPER = pl.col("keeper_id").is_not_null()
"""The row is of a cluster of pictures that are alike. Others are told apart: placeholders, listed ones."""
IS_KEPT = pl.col("rule").is_null()
"""The row is kept: others repeat it, or it is there because it is the mirror image of another (`mirror_of`)."""
REPEATS = HAS_KEEPER & ~IS_KEPT

_KEY = pl.struct("cluster_id", "keeper_shard").hash()
"""Eight bytes that stand for a cluster in memory; ids of keepers are unique within a shard only."""
_CANDIDATES = 64  # rows of one cluster among which unlike files are looked for


def by_rule(clusters: pl.LazyFrame) -> dict[str, tuple[int, int]]:
    """Rows, and clusters that hold them, by rule in alphabetic order; kept rows have none and are left out."""
    counted = clusters.drop_nulls("rule").group_by("rule").agg(pl.len(), clusters=_KEY.n_unique()).sort("rule")
    return {rule: (rows, groups) for rule, rows, groups in _collected(counted).iter_rows()}


def mirror_images(clusters: pl.LazyFrame) -> int:
    """How many rows are kept though another kept one is their mirror image."""
    return _collected(clusters.filter(IS_KEPT).select(pl.col("mirror_of").count())).item()


def low_information(fingerprints: pl.LazyFrame) -> int:
    """How many rows show a picture so flat that its hashes tell nothing: they repeat others by their bytes only."""
    return _collected(fingerprints.select(pl.col("low_information").sum())).item()


def pairs_by_distance(clusters: pl.LazyFrame) -> pl.DataFrame:
    """How far rows are from what they repeat: `rule, distance, pairs, least_of_256, mean_of_256, most_of_256`.

    Distances in bits, of 64 and of 256; those of 256 are null where no pair has one. A pair is a row with its keeper,
    so two rows of a cluster that are not its keeper are no pair here.
    """
    fine = pl.col("distance256")
    counted = (
        clusters.drop_nulls(["rule", "distance"])
        .group_by("rule", "distance")
        .agg(pairs=pl.len(), least_of_256=fine.min(), mean_of_256=fine.mean(), most_of_256=fine.max())
    )
    return _collected(counted.sort("rule", "distance"))


def cluster_sizes(clusters: pl.LazyFrame) -> pl.DataFrame:
    """How many clusters are how large: `least, most, clusters, rows`, by doubling ranges of their rows: 2, 3-4, 5-8.

    The keeper counts.
    """
    size = pl.col("size").cast(pl.UInt64)
    doublings = 64 - (size - 1).bitwise_leading_zeros().cast(pl.Int64)
    most = pl.lit(2, pl.Int64).pow(doublings)
    counted = _sizes(clusters).group_by(most=most).agg(clusters=pl.len(), rows=pl.col("size").sum()).sort("most")
    least = pl.col("most") // 2 + 1
    return _collected(counted.select("most", "clusters", "rows", least=least)).select(
        "least", "most", "clusters", "rows"
    )


def by_source(fingerprints: pl.LazyFrame, clusters: pl.LazyFrame) -> pl.DataFrame:
    """What of each source repeats: `source, rows, repeats, share, by_rule`.

    `share` is repeats / rows; `by_rule` counts by word, as one text, also what has no keeper.
    """
    rules = clusters.drop_nulls("rule").group_by("source", "rule").agg(count=pl.len(), repeats=REPEATS.sum())
    counted = rules.group_by("source").agg(
        pl.col("repeats").sum(), by_rule=pl.format("{} {}", "rule", "count").sort().str.join(", ")
    )
    joined = _rows_of(fingerprints).join(counted, on="source", how="left")
    joined = joined.with_columns(pl.col("repeats").fill_null(0), pl.col("by_rule").fill_null(""))
    share = pl.col("repeats") / pl.col("rows")
    return _collected(joined.select("source", "rows", "repeats", share.alias("share"), "by_rule")).sort("source")


def by_source_pair(fingerprints: pl.LazyFrame, clusters: pl.LazyFrame) -> pl.DataFrame:
    """Which source's rows repeat which one's: `source, keeper_source, repeats, share`, most first.

    `share` is of the rows of `source`.
    """
    of_shard = pl.col("keeper_shard").str.replace("-[^-]*$", "")
    pairs = clusters.filter(REPEATS).group_by("source", keeper_source=of_shard).agg(repeats=pl.len())
    shares = pairs.join(_rows_of(fingerprints), on="source", how="left").with_columns(
        share=pl.col("repeats") / pl.col("rows")
    )
    wanted = shares.select("source", "keeper_source", "repeats", "share")
    return _collected(wanted).sort("repeats", "source", "keeper_source", descending=[True, False, False])


def largest_clusters(clusters: pl.LazyFrame, count: int, over: int = 1) -> pl.DataFrame:
    """The clusters of most rows: `cluster_id, keeper_id, keeper_shard, size, said`; the largest first.

    At most `count` (of equally large ones any), and only those of more than `over` rows. `said` is how their rows
    were told to be the same, as one text: each rule with its rows and the greatest distances.
    """
    keys = _collected(_sizes(clusters).filter(pl.col("size") > over).bottom_k(count, by=[-pl.col("size"), "key"]))
    rows = clusters.filter(HAS_KEEPER).with_columns(key=_KEY).join(keys.lazy(), on="key")
    alike = ["cluster_id", "keeper_id", "keeper_shard", "size"]
    counted = rows.group_by(*alike, "rule").agg(
        pl.len(), coarse=pl.col("distance").max(), fine=pl.col("distance256").max()
    )
    bits = pl.concat_str(
        pl.format(" up to {} of 64 bits", "coarse"), pl.format(" and {} of 256", "fine"), ignore_nulls=True
    )
    word = pl.concat_str(
        pl.format("{} {}", "rule", "len"), pl.when(pl.col("coarse").is_not_null()).then(bits), ignore_nulls=True
    )
    said = pl.col("word").drop_nulls().sort().str.join("; ")
    told = counted.with_columns(word=pl.when(~IS_KEPT).then(word)).group_by(alike).agg(said=said)
    return _collected(told).sort("size", "keeper_shard", "cluster_id", descending=[True, False, False])


def example_files(
    fingerprints: pl.LazyFrame, clusters: pl.LazyFrame, largest: pl.DataFrame, count: int
) -> list[list[str]]:
    """For each of `largest` (see `largest_clusters`) up to `count` unlike files that were hashed, by their SHA-256.

    The keeper's comes first, then those that are farthest from it, as these are the doubtful ones.
    """
    order = [~IS_KEPT, -pl.col("distance").fill_null(-1), -pl.col("distance256").fill_null(-1), "shard", "id"]
    members = [
        clusters.filter(cluster_id=name, keeper_shard=shard)
        .bottom_k(_CANDIDATES, by=order)
        .sort(order)
        .select("shard", "id", cluster=number)
        for number, (name, shard) in enumerate(largest.select("cluster_id", "keeper_shard").iter_rows())
    ]
    if not members:
        return []
    some = pl.concat(pl.collect_all(members, engine="streaming"))
    is_one = pl.col("shard").is_in(some["shard"].implode()) & pl.col("id").is_in(some["id"].implode())
    files = _collected(fingerprints.filter(is_one).select("shard", "id", "fingerprint_sha256"))
    found = some.join(files, on=["shard", "id"], maintain_order="left").drop_nulls()
    return [
        found.filter(cluster=number)["fingerprint_sha256"].unique(maintain_order=True).head(count).to_list()
        for number in range(len(members))
    ]


def hashed_by(fingerprints: pl.LazyFrame) -> pl.DataFrame:
    """What took the hashes: `fingerprint_by, rows, shards` (their keys), most rows first; null: it was not recorded."""
    hashed = fingerprints.drop_nulls("fingerprint_of").group_by("fingerprint_by", "shard").len()
    counted = hashed.group_by("fingerprint_by").agg(rows=pl.col("len").sum(), shards=pl.col("shard").sort())
    return _collected(counted).sort("rows", "fingerprint_by", descending=[True, False])


def _sizes(clusters: pl.LazyFrame) -> pl.LazyFrame:
    """`key, size` of each cluster of pictures that are alike; a row that stands alone is none."""
    sizes = clusters.filter(HAS_KEEPER).group_by(key=_KEY).agg(size=pl.len().cast(pl.Int64))
    return sizes.filter(pl.col("size") > 1)


def _rows_of(fingerprints: pl.LazyFrame) -> pl.LazyFrame:
    return fingerprints.group_by("source").agg(rows=pl.len())


def _collected(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")
