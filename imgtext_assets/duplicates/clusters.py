"""Over all shards: who repeats whom, who is kept in whose stead, and by which rule.

What belongs here: the rules, and the rank of rows. What does not: which hashes have any other near them (`candidates`),
the greedy choice of keepers (`keepers`), what repeats nothing but is no picture of its link (`placeholders`), what must
not be in any dataset (`exclude`), what becomes of the rows (`verdicts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates.candidates import candidates, telling_hash
from imgtext_assets.duplicates.exclude import Excluded, excluded
from imgtext_assets.duplicates.keepers import Choice, Looks, choose_keepers
from imgtext_assets.duplicates.mirror import mirrored, mirrored256
from imgtext_assets.duplicates.placeholders import placeholders

RULES = ("same_id", "same_url", "same_bytes", "near_duplicate", "mirrored")
NEAR = RULES.index("near_duplicate")
UNKNOWN_DEMANDS = 99  # a licence that nobody knows ranks last

_ORIGINAL = pl.col("fingerprint_of") == "original"
# By rule, what two rows have in common.
KEYS = {
    "same_id": pl.struct("source", "id"),
    "same_url": pl.col("url_key"),
    "same_bytes": pl.when(_ORIGINAL).then("fingerprint_sha256"),
}


def find_clusters(
    fingerprints: pl.LazyFrame,
    policy: DuplicatePolicy,
    placeholder_links: int | None = None,
    *,
    near: pl.DataFrame | None = None,
    published: pl.LazyFrame | None = None,
    demands: Mapping[str, int] | None = None,
    lists: Sequence[Excluded] = (),
    behind: pl.Series | None = None,
) -> pl.DataFrame:
    """The rows that repeat one another, kept and rejected ones: `tables.DUPLICATE_CLUSTERS`, sorted by shard and id.

    `fingerprints` are the kept rows of all shards (`tables.FINGERPRINTS`), in any order; id and shard together name a
    row. First two kinds of rows are told apart, which have no keeper and stand for no other row: those that one of the
    `lists` names (`excluded`), and those whose picture answers for at least `placeholder_links` unlike links of a host
    (`placeholders`; null: none is). Of the rest, two rows are the same by the first of these rules that holds:

    1. `same_id`: they are of one source and have the same id (in one shard, `raw_metadata` has told already);
    2. `same_url`: their `url_key` is the same;
    3. `same_bytes`: the whole picture was fetched for both, with the same SHA-256;
    4. `near_duplicate`: neither has low information, their 64-bit hashes differ in at most `policy.radius` bits, and
       their 256-bit ones in at most `policy.confirm`; where one has none, the 64 bits in at most 4;
    5. `mirrored`: the same with one of them mirrored, where the policy rejects such; where it only reports them, the
       row is kept and `mirror_of` names the other.

    Rows are ranked: first those whose url_key is not `behind` others, since its link is dead; then those that have a
    fingerprint, as without one nothing is known of the picture; then by area, as measured where the whole picture was
    fetched, else as declared, else 0; then by the earliest release that has them (`published`: source, id, `since` as a
    number); then by how little their licence asks (`demands` by its id); then by lower id, then by lower shard. So
    where a link dies, another address of the same picture takes its place.

    In this order a row is kept unless it is the same as one that is kept already. So a rejected row is always the same
    as its keeper itself, never only by way of others, and a keeper is never rejected. Of several keepers the one of the
    earlier rule, then of the higher rank, stands for the row.

    `near` is what `candidates` gave for these rows; null: it is asked here. Memory grows with the hashes, and with the
    rows that may repeat another.
    """
    apart = excluded(fingerprints, lists, policy.radius)
    rest = fingerprints.join(apart.lazy(), on=["shard", "id"], how="anti")
    hosts = placeholders(rest, placeholder_links)
    rest = rest.join(hosts.lazy(), on=["shard", "id"], how="anti")
    near = candidates(fingerprints, policy) if near is None else near
    rows = _ranked(_that_may_repeat(rest, near), published, demands or {}, behind)
    return pl.concat([_clusters(rows, _chosen(rows, policy)), apart, hosts]).sort("shard", "id")


def _that_may_repeat(rows: pl.LazyFrame, near: pl.DataFrame) -> pl.LazyFrame:
    """The rows that have something in common with another one, and perhaps a few more.

    What they have in common is counted by a hash of it, streaming, so that texts need no memory.
    """

    def repeats(key: pl.Expr) -> pl.Expr:
        counted = rows.filter(key.is_not_null()).group_by(key=key.hash()).len().filter(pl.col("len") > 1).select("key")
        return key.is_not_null() & key.hash().is_in(counted.collect(engine="streaming")["key"].implode())

    is_near = telling_hash().is_in(near.filter("near")["hash"].implode())
    return rows.filter(pl.any_horizontal(*map(repeats, [*KEYS.values(), telling_hash()]), is_near))


def _ranked(
    rows: pl.LazyFrame, published: pl.LazyFrame | None, demands: Mapping[str, int], behind: pl.Series | None
) -> pl.DataFrame:
    """The columns that matter here, a row that ranks higher before one that ranks lower."""
    if published is None:
        published = pl.LazyFrame(schema={"source": pl.String, "id": pl.String, "since": pl.Int64})
    published = published.join(rows.select("source", "id"), on=["source", "id"], how="semi")
    since = published.group_by("source", "id").agg(pl.col("since").min())
    area = pl.coalesce(pl.when(_ORIGINAL).then("fingerprint_pixels"), pl.col("width") * pl.col("height"), 0)
    last = pl.lit(False) if behind is None else pl.col("url_key").is_in(behind.implode()).fill_null(False)
    asks = pl.col("license_id").replace_strict(demands, default=UNKNOWN_DEMANDS, return_dtype=pl.Int64)
    return (
        rows.select(
            "id",
            "source",
            "shard",
            "phash256",
            **{rule: key for rule, key in KEYS.items() if rule != "same_id"},
            hash=telling_hash(),
            had=pl.col("fingerprint_sha256").is_not_null() | pl.col("phash").is_not_null(),
            last=last,
            area=area,
            asks=asks,
        )
        .join(since, on=["source", "id"], how="left")
        .sort(
            *("last", "had", "area", "since", "asks", "id", "shard"),
            descending=[False, True, True, False, False, False, False],
            nulls_last=True,
        )
        .drop("last", "had", "area", "since", "asks")
        .collect(engine="streaming")
    )


def _chosen(rows: pl.DataFrame, policy: DuplicatePolicy) -> Choice:
    keys = (pl.struct("source", "id"), "same_url", "same_bytes")
    same = [_numbered(rows.select(key).to_series()) for key in keys]
    look, looks = _looks(rows if policy.confirm is not None else rows.with_columns(phash256=None))
    mirror = None
    if policy.mirrored != "ignore":
        mirror = Looks(mirrored(looks.hashes), mirrored256(looks.fine), looks.confirmable)
    return choose_keepers(same, look, looks, policy.radius, policy.confirm, mirror, policy.mirrored == "reject")


def _numbered(keys: pl.Series) -> npt.NDArray[np.int64]:
    """Equal keys as equal numbers from 0 on; -1 for null."""
    names = keys.drop_nulls().unique().alias("key").to_frame().with_row_index("number")
    numbers = keys.alias("key").to_frame().join(names, on="key", how="left", maintain_order="left")["number"]
    return numbers.cast(pl.Int64).fill_null(-1).to_numpy()


def _looks(rows: pl.DataFrame) -> tuple[npt.NDArray[np.int64], Looks]:
    """The looks that rows have, and which each has: -1 where its hash tells nothing."""
    both = pl.when(pl.col("hash").is_not_null()).then(pl.struct("hash", "phash256"))
    look = _numbered(rows.select(both).to_series())
    each = rows.select("hash", "phash256", look=look).filter(pl.col("look") >= 0).unique("look").sort("look")
    return look, Looks(_coarse(each), _fine(each), each["phash256"].is_not_null().to_numpy())


def _clusters(rows: pl.DataFrame, chosen: Choice) -> pl.DataFrame:
    """`rows` with their keepers, less those that turn out to stand alone."""
    columns = {name: pl.Series(name, values) for name, values in vars(chosen).items()}
    keeper, rule, mirrors = columns["keeper"], columns["rule"], columns["mirrors"]
    kept, like = rows[keeper], rows[mirrors.clip(0)]
    coarse, fine = (hashes(rows) ^ hashes(kept) for hashes in (_coarse, _fine))
    turned, finely_turned = (
        (hashes(rows) ^ mirror(hashes(kept))) for hashes, mirror in ((_coarse, mirrored), (_fine, mirrored256))
    )
    is_mirrored = (rule == RULES.index("mirrored")).to_numpy()
    both = kept["phash256"].is_not_null() & rows["phash256"].is_not_null()
    distance = np.bitwise_count(np.where(is_mirrored, turned, coarse)).astype(np.int64)
    distance256 = np.bitwise_count(np.where(is_mirrored[:, None], finely_turned, fine)).sum(axis=1, dtype=np.int64)
    found = rows.with_columns(
        cluster_id=kept["id"],
        keeper_id=kept["id"],
        keeper_shard=kept["shard"],
        rule=rule.replace_strict(range(len(RULES)), RULES, default=None, return_dtype=pl.String),
        distance=pl.when(rule >= NEAR).then(pl.Series(distance)),
        distance256=pl.when((rule >= NEAR) & both).then(pl.Series(distance256)),
        mirror_of=pl.when(mirrors >= 0).then(pl.format("{} ({})", like["id"], like["shard"])),
    ).filter(keeper.is_duplicated() | (mirrors >= 0))
    return tables.DUPLICATE_CLUSTERS.conform(found.lazy()).collect()


def _coarse(rows: pl.DataFrame) -> npt.NDArray[np.uint64]:
    return rows["hash"].fill_null(0).to_numpy()


def _fine(rows: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """The 256-bit hashes as uint64, shape (rows, 4); zeros for null."""
    return np.frombuffer(b"".join(rows["phash256"].fill_null(bytes(32))), ">u8").astype(np.uint64).reshape(-1, 4)
