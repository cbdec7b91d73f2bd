"""Fingerprints of each shard, clusters over all shards, and their verdicts for each shard."""

import dagster as dg
import polars as pl

from imgtext_assets import duplicates
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.automation import on_any_shard, on_change
from imgtext_assets.defs.cluster_inputs import clusters_of
from imgtext_assets.defs.clusters import cluster_figures, largest_pictured
from imgtext_assets.defs.fetching import POOL, Fetcher, counts
from imgtext_assets.defs.hashing import Hasher
from imgtext_assets.defs.progress import Progress
from imgtext_assets.defs.stage import stage_output, table_options, table_output
from imgtext_assets.defs.thumbnails import thumbnails
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake
from imgtext_assets.pictures import fails_declared_size
from imgtext_assets.pictures.rows import with_fingerprints
from imgtext_assets.tables import DEDUPLICATED, DUPLICATE_CLUSTERS, FINGERPRINTS


@dg.asset(
    **table_options(FINGERPRINTS, group="duplicates", kinds={"pillow", "http"}),
    pool=POOL,
    automation_condition=on_change(),
)
def fingerprints(
    context: dg.AssetExecutionContext,
    license_filtered: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.Output[pl.DataFrame]:
    """A preview, or the picture, fetched once and its perceptual hashes taken.

    Rows that are declared too small are not fetched, nor is the picture where its preview gave hashes or was refused;
    a fetch that fails only leaves the hashes null.
    """
    rows = license_filtered.collect()
    wanted = rows.filter(~fails_declared_size(catalog.policy.resolution))
    hasher = Hasher(Fetcher(context, lake, catalog, progress), engine)
    previews, prints = hasher.fetch(wanted, "previews fetched", "preview_url", "preview_url")
    seen = previews.answers.filter(pl.col("sha256").is_in(prints["fingerprint_sha256"].implode()))["url_key"].implode()
    left = wanted.filter(~pl.col("preview_url").is_in(seen).fill_null(False))
    originals, more_prints = hasher.fetch(left, "pictures fetched")
    answers = pl.concat([previews.answers, originals.answers]).unique("url_key")
    prints = pl.concat([prints, more_prints]).unique("fingerprint_sha256")
    hashed = with_fingerprints(rows.lazy(), answers.lazy(), prints.lazy()).collect()
    pictures = thumbnails(hashed, "fingerprint_sha256", lake, engine, catalog.pictures)
    return stage_output(FINGERPRINTS, hashed, counts(previews, originals) | pictures)


@dg.asset(
    **table_options(DUPLICATE_CLUSTERS, group="duplicates", kinds={"numpy"}, partitioned=False),
    automation_condition=on_any_shard(),
)
def duplicate_clusters(
    fingerprints: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
) -> dg.Output[pl.DataFrame]:
    """Over all shards: which rows repeat which, which one is kept, and by what rule."""
    rows = fingerprints.filter(pl.col("source").is_in([source.name for source in catalog.sources]))
    clusters, tags = clusters_of(rows, catalog, lake, engine)
    pictured = largest_pictured(clusters.lazy(), rows, lake, engine, catalog.pictures)
    return table_output(clusters, cluster_figures(clusters.lazy(), rows) | pictured, tags)


@dg.asset(**table_options(DEDUPLICATED, group="duplicates", kinds={"policy"}))
def deduplicated(
    fingerprints: pl.LazyFrame,
    duplicate_clusters: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
) -> dg.Output[pl.DataFrame]:
    """Rows that repeat no other, and of those that do the one that is kept.

    Requested by the verdict sensor, only for the shards whose verdicts change.
    """
    rows = duplicates.deduplicate(fingerprints, duplicate_clusters).collect()
    pictures = thumbnails(rows, "fingerprint_sha256", lake, engine, catalog.pictures)
    return stage_output(DEDUPLICATED, rows, pictures)
