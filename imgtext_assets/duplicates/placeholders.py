"""Soft 404s: one picture that a host gives for many unlike links, such as "this picture is not available".

What belongs here: telling them, over all shards by their fingerprints, and within one shard by their bytes. What does
not: pictures that repeat one another (`clusters`); of those one is kept, of a placeholder none.

A picture is a placeholder where it is the answer for at least so many links (`policy.drift.placeholder_links`) of one
host, and these links were promised to lead to so many unlike pictures:

- same bytes, and so many captions, compared in lower case and without white space around them; links that declare the
  same digest have one caption, the first in alphabetic order;
- same bytes, and so many declared digests of one kind, of which at most one can be right;
- same look (equal 64-bit pHashes that tell something), so many captions, and declared sizes of unlike shapes: at least
  so many links declare one, and of their ratios of long to short side, sorted, the one three quarters up is at least a
  tenth above the one a quarter up. One picture has one shape, whatever its width, file and caption, and turned too.

So none of these is a placeholder, however often it is there: a picture reposted under its own caption, or with the
digest that the source declared for each; one that many hosts show; one link that many rows describe; one picture in
many sizes with captions in many languages, whose bytes and digests differ.

What the rule cannot tell from a placeholder: one file that a host gives by right for many links, each with a caption of
its own and no digest, such as one photo of all variants of a product. Where a source has such, `placeholder_links` is
to be null, or more than the variants of a product.
"""

from __future__ import annotations

import polars as pl
import polars.selectors as cs

from imgtext_assets.tables import DUPLICATE_CLUSTERS
from imgtext_assets.text import HOST_OF_URL

RULE = "placeholder"
PLACEHOLDER_RULE = (pl.col("placeholder_of").is_not_null(), RULE, pl.col("placeholder_of"))
"""What `with_placeholders` found ends at `verified`, as a rule for `tables.reject`."""

_DIGESTS = ("declared_sha256", "md5")
_UNLIKE_SHAPES = 1.1


def placeholders(fingerprints: pl.LazyFrame, least: int | None) -> pl.DataFrame:
    """The rows whose picture is a placeholder of their host: `tables.DUPLICATE_CLUSTERS`, in no order, without keepers.

    `fingerprints` are the kept rows of all shards (`tables.FINGERPRINTS`), in any order. Host and link are those that
    were asked: of the preview where that was hashed, else of the picture. `cluster_id` is
    `placeholder:<host>:<pHash, else SHA-256>`, so it stays the same while shards come and go. With `least` null nothing
    is a placeholder.

    The rows are read twice, streaming: first pictures are counted by host, in memory as there are distinct ones (a
    64-bit key and a count each); then only the rows of those that are there often enough are looked at.
    """
    if least is None:
        return DUPLICATE_CLUSTERS.schema.to_frame()
    rows = _asked(fingerprints)
    often = rows.group_by("key").len().filter(pl.col("len") >= least).select("key").collect(engine="streaming")
    # Adding nothing copies the texts: they are views that would keep all texts of their neighbours in memory.
    few = (
        rows.join(often.lazy(), on="key", how="semi").with_columns(cs.string() + "").collect(engine="streaming").lazy()
    )
    looks = _answers_many(few, "look", least).select("host", "look", by_look=True)
    files = _answers_many(few, "file", least).select("host", "file", by_file=True)
    picture = pl.coalesce(pl.col("look").cast(pl.String), "file")
    found = (
        few.join(looks, on=["host", "look"], how="left")
        .join(files, on=["host", "file"], how="left")
        .filter(pl.any_horizontal("by_look", "by_file"))
        .with_columns(cluster_id=pl.format("placeholder:{}:{}", "host", picture), rule=pl.lit(RULE))
    )
    return DUPLICATE_CLUSTERS.conform(found).collect()


def with_placeholders(downloaded: pl.LazyFrame, least: int | None) -> pl.LazyFrame:
    """Add `placeholder_of`: String, how many links of which host have the row's bytes where these are a placeholder.

    `downloaded` are the kept rows of one shard (`tables.DOWNLOADED`). This is for pictures that were first had there,
    as those that were had at `fingerprints` are judged over all shards. Rows in = rows out, in the same order.
    """
    if least is None:
        return downloaded.with_columns(placeholder_of=pl.lit(None, pl.String))
    host = _host(pl.col("url_key"))
    rows = downloaded.select(*_promises(), host=host, link="url_key", file="sha256")
    evidence = pl.format("{} answers {} unlike links with these bytes", "host", "links")
    found = _answers_many(rows, "file", least).select("host", sha256="file", placeholder_of=evidence)
    joined = downloaded.with_columns(host=host).join(found, on=["host", "sha256"], how="left", maintain_order="left")
    return joined.drop("host")


def asked_host() -> pl.Expr:
    """The host that was asked for what was hashed, of a row of `tables.FINGERPRINTS`: String."""
    return _host(_asked_link())


def _asked(fingerprints: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that have a picture from a host: `link`, `look`, `file`, what was promised, and a `key` to count by.

    The key is a hash of host and look, or of host and file where the look says nothing. Equal files look equal, so
    rows of one placeholder have one key; where those of two collide, a few rows more are looked at.
    """
    tells = pl.col("low_information").fill_null(False).not_()
    rows = fingerprints.select(
        "shard",
        "id",
        "source",
        *_promises(),
        shape=_shape(),
        link=_asked_link(),
        host=asked_host(),
        look=pl.when(tells).then("phash"),
        file="fingerprint_sha256",
        of_preview=(pl.col("fingerprint_of") == "preview").fill_null(False),
    )
    picture = pl.coalesce(pl.col("look").cast(pl.String), "file")
    return rows.drop_nulls("host").filter(picture.is_not_null()).with_columns(key=pl.struct("host", picture).hash())


def _answers_many(rows: pl.LazyFrame, picture: str, least: int) -> pl.LazyFrame:
    """The pictures, by `host` and the column `picture`, that are placeholders; `links` is of how many links.

    Digests count where `picture` is `file`, and the file is not a preview, which they were not declared of. Where it is
    `look`, captions alone do not suffice: the declared shapes are to be unlike too.
    """
    by = ["host", picture]
    by_look = picture == "look"
    whole = pl.lit(not by_look) & (~pl.col("of_preview") if "of_preview" in rows.collect_schema() else True)
    promised = pl.coalesce(*_DIGESTS, "link")
    rows = rows.drop_nulls(by).with_columns(
        pl.col("caption").min().over(*by, promised),
        *(pl.when(whole).then(digest).min().over(*by, "link").alias(digest) for digest in _DIGESTS),
        *([pl.col("shape").min().over(*by, "link")] if by_look else []),
    )
    unlike = pl.max_horizontal(pl.col(promise).drop_nulls().n_unique() for promise in ("caption", *_DIGESTS))
    shapes = [_are_unlike_shapes(least).alias("shapes")] if by_look else []
    counted = rows.group_by(by).agg(*shapes, links=pl.col("link").n_unique(), unlike=unlike)
    found = counted.filter((pl.col("links") >= least) & (pl.col("unlike") >= least))
    return found.filter("shapes") if by_look else found


def _are_unlike_shapes(least: int) -> pl.Expr:
    """Of the rows of a group, each of whose links has one `shape`. Quartiles, as a few may be declared wrongly."""
    by_link = pl.col("shape").filter(pl.col("link").is_first_distinct()).drop_nulls()
    quarter, three_quarters = by_link.quantile(0.25, "lower"), by_link.quantile(0.75, "higher")
    return (by_link.len() >= least) & (three_quarters >= quarter * _UNLIKE_SHAPES)


def _shape() -> pl.Expr:
    """Long side / short side, as declared; null where a side is not."""
    width, height = pl.col("width").cast(pl.Float64), pl.col("height").cast(pl.Float64)
    ratio = pl.max_horizontal(width, height) / pl.min_horizontal(width, height)
    return pl.when((width > 0) & (height > 0)).then(ratio)


def _asked_link() -> pl.Expr:
    return pl.when(fingerprint_of="preview").then("preview_url").otherwise("url_key")


def _host(address: pl.Expr) -> pl.Expr:
    host = address.str.extract(HOST_OF_URL).str.to_lowercase()
    return pl.when(host != "").then(host)


def _promises() -> list[pl.Expr]:
    """Caption and digests as they are compared; null where they are blank."""
    texts = [pl.col(name).str.strip_chars().str.to_lowercase() for name in ("caption", *_DIGESTS)]
    return [pl.when(text != "").then(text) for text in texts]
