"""Are the bytes those that the source declared, and if not, is it still the same picture?

What belongs here: telling the classes of drift, and what the policy makes of each: expressions over `verified`'s
columns `md5`, `declared_sha256` and `declared_phash` (declared), `measured_md5`, `sha256`, `phash` and
`low_information` (measured). What does not: measuring (`inspect`), pictures that a host gives for many links (the
`duplicates` room).
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import DriftPolicy
from imgtext_assets.pictures.size import Rule

BITS = 64
_DECLARED_PHASH = pl.col("declared_phash").str.to_integer(base=16, dtype=pl.UInt64, strict=False)


def drift(max_distance: int) -> pl.Expr:
    """The class of drift of each row: String, null where nothing was declared that can be compared.

    - `identical`: the declared digest is that of the bytes, whatever the hashes of the picture say. Where SHA-256 and
      MD5 are both declared, SHA-256 alone decides: it is the one that nobody can forge (RFC 6151 2 on MD5).
    - `re_encoded`: other bytes, and the picture's pHash is within `max_distance` bits of the declared one.
    - `replaced`: the picture's pHash is farther than that from the declared one, and no digest says otherwise.
    - `unknown`: other bytes, and no pHash was declared, or one of the two says nothing.

    Where only a pHash is declared and it is near, the class is null: nothing was declared of the bytes, so they can be
    called neither identical nor re-encoded.

    A pHash says nothing where the row has `low_information` (as the picture was measured, else its fingerprint; null
    counts as false), and where not exactly half of its bits are set: as the bits tell which coefficients lie above
    their median, that is a tie (see `fingerprint`), or a hash of another kind.

    >>> declared = {"md5": "0f", "declared_sha256": None, "declared_phash": "00000000FFFFFFFF"}
    >>> measured = {"measured_md5": "0E", "sha256": "aa", "phash": 0x1FFFFFFFE, "low_information": False}
    >>> row = pl.DataFrame([declared | measured], schema_overrides={"phash": pl.UInt64, "declared_sha256": pl.String})
    >>> row.select(drift(max_distance=4)).item()
    're_encoded'
    """
    agrees, distance = _digest_agrees(), _distance()
    return (
        pl.when(agrees)
        .then(pl.lit("identical"))
        .when(distance > max_distance)
        .then(pl.lit("replaced"))
        .when(~agrees & distance.is_not_null())
        .then(pl.lit("re_encoded"))
        .when(~agrees)
        .then(pl.lit("unknown"))
    )


def drift_rules(policy: DriftPolicy) -> list[Rule]:
    """What `policy` holds against rows by their column `drift`, as rules for `tables.reject`.

    Another picture always ends the row; what is unknown ends it by the digest that did not agree.
    """
    kind, by_sha256 = pl.col("drift"), _sha256_agrees().is_not_null()
    most = pl.lit(f" of {BITS} bits; the policy's most is {policy.max_distance}")
    far = pl.format("the pHash {} was declared, and the picture's differs in {}", "declared_phash", _distance()) + most
    unknown = (kind == "unknown") & pl.lit(policy.unknown == "reject")
    return [
        (kind == "replaced", "replaced", far),
        ((kind == "re_encoded") & pl.lit(policy.re_encoded == "reject"), "re_encoded", _near()),
        (unknown & by_sha256, "sha256_mismatch", _digests()),
        (unknown, "md5_mismatch", _digests()),
    ]


def drift_mark(policy: DriftPolicy) -> pl.Expr:
    """What a person should look at by `policy` and the column `drift`: String, null where nothing is doubtful."""
    kind = pl.col("drift")
    return (
        pl.when((kind == "re_encoded") & pl.lit(policy.re_encoded == "review"))
        .then(pl.format("other bytes of the same picture: {}", _near()))
        .when((kind == "unknown") & pl.lit(policy.unknown == "review"))
        .then(pl.format("other bytes: {}", _digests()))
    )


def _sha256_agrees() -> pl.Expr:
    return _same_hex("declared_sha256", "sha256")


def _digest_agrees() -> pl.Expr:
    """Whether the stronger of the declared digests is that of the bytes: Boolean, null where none can be compared."""
    return pl.coalesce(_sha256_agrees(), _same_hex("md5", "measured_md5"))


def _same_hex(declared: str, measured: str) -> pl.Expr:
    """Whether hex digests agree, in either case; null where one is missing."""
    return pl.col(declared).str.to_lowercase() == pl.col(measured).str.to_lowercase()


def _distance() -> pl.Expr:
    """Hamming distance of the declared and the measured pHash, bits; null where one is missing or says nothing."""
    measured = pl.col("phash")
    half = [bits.bitwise_count_ones() == BITS // 2 for bits in (_DECLARED_PHASH, measured)]
    tells = pl.col("low_information").fill_null(False).not_() & half[0] & half[1]
    return pl.when(tells).then((_DECLARED_PHASH ^ measured).bitwise_count_ones().cast(pl.Int64))


def _digests() -> pl.Expr:
    by_sha256 = _sha256_agrees().is_not_null()
    declared = pl.when(by_sha256).then("declared_sha256").otherwise("md5")
    measured = pl.when(by_sha256).then("sha256").otherwise("measured_md5")
    return pl.format("declared {}, measured {}", declared, measured)


def _near() -> pl.Expr:
    return pl.format("{}, {} of {} bits from the declared pHash", _digests(), _distance(), pl.lit(BITS))
