"""What was had, judged again: a policy that changes asks nobody for what is known already.

What belongs here: answers that we have. What does not: judging new ones (`hosts`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

import polars as pl

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.rights.consent.hosts import BY_LIST, Consent, Refusal, files_of, origin_of, wanted_files
from imgtext_assets.rights.consent.lists import OptOuts

REDIRECTED = " (redirects to "
"""What `fetch` adds to the evidence where not the address itself is refused but one that it leads to."""
_REFUSED = {"url_key": pl.String, "refused_for": pl.String, "refused_by": pl.String}
Address = Callable[[str], str]
"""The normalised form of an address, as it was asked for."""


def had_otherwise(answers: pl.DataFrame, settings: str) -> pl.DataFrame:
    """Of `answers` (rows of FETCHES) those that were had under other settings than those of the digest `settings`."""
    return answers.filter((pl.col("outcome") == "ok") & pl.col("settings").ne_missing(pl.lit(settings)))


def recorded_files(answers: pl.DataFrame) -> set[str]:
    """The SHA-256s of the hosts' files by which these answers were judged."""
    records = (json.loads(said) for said in answers["consent"].drop_nulls().unique())
    return {of["sha256"] for said in records for of in said.values() if isinstance(of, dict) and "sha256" in of}


def unheard(answers: pl.DataFrame, policy: ConsentPolicy, present: Collection[str], address: Address) -> list[str]:
    """Of the addresses of `answers`, and those that they led to, the ones whose hosts are to be asked for their files.

    So where no file was recorded, since the policy did not ask for it then, or one whose bytes are not in the store
    any more (`present` has those that are).
    """
    found: set[str] = set()
    for url, final_url, said in answers.select("url", "final_url", "consent").iter_rows():
        asked, record = address(url), json.loads(said or "{}")
        if final_url and origin_of(final_url) != origin_of(asked):
            found.add(final_url)
        wanted = wanted_files(origin_of(asked), policy)
        of_files = (record.get(file.rpartition("/")[2]) for file in files_of(asked) if file in wanted)
        if any(of is None or ("sha256" in of and of["sha256"] not in present) for of in of_files):
            found.add(asked)
    return sorted(found)


def without_lifted(answers: pl.DataFrame, opt_outs: OptOuts) -> pl.DataFrame:
    """`answers` without those that an opt-out list refused whose entry is on no list any more: they may be asked for.

    The digest of settings does not tell, since lists grow day by day and hardly any answer depends on them.
    """
    by_list = answers.filter((pl.col("outcome") == "opted_out") & pl.col("detail").str.starts_with(BY_LIST))
    details = by_list["detail"].unique()
    lifted = [detail for detail in details if not opt_outs.holds(detail[len(BY_LIST) :].partition(REDIRECTED)[0])]
    return answers.filter(~pl.col("detail").is_in(lifted).fill_null(False))


def judged_again(answers: pl.DataFrame, consent: Consent, settings: str, address: Address) -> pl.DataFrame:
    """`answers` (rows of FETCHES) with those as refused that may not be used by now.

    All are looked up in the opt-out lists, by their address and the one that it led to; those that were had under
    other settings are judged by what was recorded, too. A host that cannot be asked now takes nothing back. What is
    refused loses what tells of the body, so that nobody takes it up, and gets the digest `settings` under which it is;
    the journal keeps it as it was, for a policy that allows it again.
    """
    refused: dict[str, Refusal] = {}
    otherwise = set(had_otherwise(answers, settings)["url_key"])
    fine = answers.filter(outcome="ok").sort("url").select("url_key", "url", "final_url", "consent")
    for key, url, final_url, said in fine.iter_rows():
        asked = address(url)
        led_to = final_url or asked
        refusal = consent.refusal_of_lists(asked) or consent.refusal_of_lists(led_to)
        if refusal is None and key in otherwise:
            refusal = consent.refusal_of_answer(asked, led_to, said)
        if refusal is not None:
            refused[key] = refusal
    if not refused:
        return answers
    now = pl.DataFrame([(key, *refusal[:2]) for key, refusal in refused.items()], schema=_REFUSED, orient="row")
    holds = pl.col("refused_for").is_not_null()
    return (
        answers.join(now, on="url_key", how="left", maintain_order="left")
        .with_columns(
            outcome=pl.when(holds).then("refused_for").otherwise("outcome"),
            detail=pl.when(holds).then("refused_by").otherwise("detail"),
            settings=pl.when(holds).then(pl.lit(settings)).otherwise("settings"),
            **{name: pl.when(~holds).then(name) for name in ("sha256", "md5", "bytes")},
        )
        .select(answers.columns)
    )
