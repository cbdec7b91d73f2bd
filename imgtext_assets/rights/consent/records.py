"""What was recorded of consent, judged again: a policy that changes asks nobody for what it knows already.

What belongs here: answers that we have. What does not: judging new ones (`hosts`).
"""

from __future__ import annotations

import json

import polars as pl

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.rights.consent.headers import RECORDED, refused_by_headers


def judged_again(answers: pl.DataFrame, policy: ConsentPolicy, settings: str) -> pl.DataFrame:
    """`answers` (rows of FETCHES) with those as `opted_out` whose recorded headers refuse under the policy.

    They lose what tells of the body, so that nobody takes it up, and get the digest `settings` under which they are
    refused; the journal keeps them as they were, for a policy that allows them again.
    """
    fine = answers.filter(outcome="ok")["consent"].unique().drop_nulls()
    refused = {said: evidence for said in fine if (evidence := _refused_by(said, policy))}
    if not refused:
        return answers
    evidence = pl.col("consent").replace_strict([*refused], [*refused.values()], default=None, return_dtype=pl.String)
    holds = (pl.col("outcome") == "ok") & evidence.is_not_null()
    return answers.with_columns(
        outcome=pl.when(holds).then(pl.lit("opted_out")).otherwise("outcome"),
        detail=pl.when(holds).then(evidence).otherwise("detail"),
        settings=pl.when(holds).then(pl.lit(settings)).otherwise("settings"),
        **{name: pl.when(~holds).then(name) for name in ("sha256", "md5", "bytes")},
    )


def _refused_by(said: str, policy: ConsentPolicy) -> str | None:
    return refused_by_headers({name: values for name, values in json.loads(said).items() if name in RECORDED}, policy)
