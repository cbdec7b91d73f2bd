"""What a file says of its own rights, held against the licence that was stated for it: rules of `verified`.

What belongs here: judging the statements. What does not: reading them out of files (`pictures.rights_text`), and what
captions claim (`filter`).

The rules are expressions over `verified`'s columns `claim`, `file_license` and `data_mining` (what the file says),
`license_id` and `review` (what `license_filtered` made of the row).
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import ConsentPolicy, LicensePolicy
from imgtext_assets.rights.claims import contradicts
from imgtext_assets.rights.filter import SHOWN, Rule
from imgtext_assets.rights.licenses import recognise, stricter

# All values of plus:DataMining that say no begin so: PROHIBITED, PROHIBITED-AIMLTRAINING, -GENAIMLTRAINING,
# -EXCEPTSEARCHENGINEINDEXING, -SEECONSTRAINT, -SEEEMBEDDEDRIGHTSEXPR, -SEELINKEDRIGHTSEXPR. Those that do not are
# DMI-ALLOWED and DMI-UNSPECIFIED. https://ns.useplus.org/LDF/ldf-XMPSpecification (2023), IPTC Photo Metadata 2023.1.
_DATA_MINING_PROHIBITED = r"(?i)(?:^|[/#:\s])DMI-PROHIBITED"


def file_rules(policy: LicensePolicy, consent: ConsentPolicy) -> list[Rule]:
    """What `policy` and `consent` hold against files, as rules for `tables.reject`: `opted_out`, `rights_claimed`.

    A file's claim contradicts the stated licence as a caption's does (`claims`). So does a licence that the file
    states itself: where that is known, if it demands what the stated one does not; else as any other text.
    """
    prohibited = pl.col("data_mining").str.contains(_DATA_MINING_PROHIBITED)
    opt_out = pl.format("the file says: plus:DataMining is {}", pl.col("data_mining").str.slice(0, SHOWN))
    conflict = _conflict()
    return [
        (pl.lit(consent.data_mining) & prohibited, "opted_out", opt_out),
        (pl.lit(policy.stated_claims == "reject") & conflict.is_not_null(), "rights_claimed", conflict),
    ]


def file_review(policy: LicensePolicy) -> pl.Expr:
    """The row's review mark, and what the file adds to it where `policy` wants claims reviewed: String."""
    if policy.stated_claims != "review":
        return pl.col("review")
    mark = pl.concat_str("review", _conflict(), separator="; ", ignore_nulls=True)
    return pl.when(mark != "").then(mark)


def _conflict() -> pl.Expr:
    """Both texts, where what the file says contradicts the stated licence; else null."""
    stated, claim, license_ = pl.col("license_id"), pl.col("claim"), pl.col("file_license")
    recognised = recognise(license_).struct.field("license_id")
    says = (
        pl.when(contradicts(claim, stated))
        .then(claim)
        .when(pl.coalesce(stricter(recognised, than=stated), contradicts(license_, stated)))
        .then(pl.format("license: {}", license_))
    )
    return pl.format("stated as {}, but the file says: {}", stated, says.str.slice(0, SHOWN))
