"""Tables of links over the years: observations, and what they show."""

from __future__ import annotations

import polars as pl

from imgtext_assets.columns import FETCH, RAW, UTC_TIME, Column
from imgtext_assets.tables.model import Table

LINK_CHECKS = Table(
    "link_checks",
    "One observation a link and round.",
    (
        *(c for c in RAW if c.name in ("id", "source", "shard", "url")),
        Column("host", pl.String(), "Host name of the address.", required=True),
        Column(
            "state",
            pl.String(),
            "alive, moved, changed (other bytes), replaced (another picture), placeholder, gone, blocked, throttled, "
            "unreachable, opted_out.",
            required=True,
        ),
        Column("outcome", pl.String(), "`ok`, `not_modified`, or the reason as at `downloaded`."),
        Column(
            "asked_by",
            pl.String(),
            "How the answer was had: `conditional` or `get` (a whole GET), `head`, `range` (the beginning); null where "
            "nothing was asked, as consent was refused.",
        ),
        Column("head_status", pl.Int64(), "What a HEAD said before, which was not believed but followed by a GET."),
        Column("http_status", pl.Int64(), "Status of the last response (RFC 9110); null where there was none."),
        Column("final_url", pl.String(), "The address that answered, after redirects."),
        Column("etag", pl.String(), "ETag of the response."),
        Column("last_modified", pl.String(), "Last-Modified of the response, as sent."),
        Column("sha256", pl.String(), "SHA-256 of the body, where one was read."),
        Column("bytes", pl.Int64(), "Size of the file, as read or as the host says.", "bytes"),
        Column(
            "distance", pl.Int64(), "Hamming distance of the 64-bit hashes, where other bytes were decoded.", "bits"
        ),
        Column(
            "uniform",
            pl.Boolean(),
            "The link is of the sample, drawn evenly from all of its shard, or its round had no limits and skipped "
            "none but dead ones: such observations make the estimates.",
        ),
        *(c for c in FETCH if c.name == "consent"),
        Column("detail", pl.String(), "The observation in full, for people."),
        Column("checked_at", UTC_TIME, "When the link was asked.", "UTC", required=True),
    ),
)
LINK_DECAY = Table(
    "link_decay",
    "Observed links by state, for each source, host and day of observation. A budget's choice of links is in it: how "
    "many of all are there is in `link_hosts`.",
    (
        *(c for c in RAW if c.name == "source"),
        Column("host", pl.String(), "Host name of the links.", required=True),
        Column("checked_on", pl.Date(), "Day of the observations.", "UTC", required=True),
        Column("links", pl.Int64(), "Links of this source and host observed up to that day.", required=True),
        Column("alive", pl.Int64(), "Alive or moved, by each link's latest observation.", required=True),
        Column("changed", pl.Int64(), "There with other bytes.", required=True),
        Column(
            "dead", pl.Int64(), "Dead: enough final observations over enough days, or the host is lost.", required=True
        ),
        Column("unknown", pl.Int64(), "Throttled, unreachable, or not yet often enough seen gone.", required=True),
    ),
)
LINK_SURVIVAL = Table(
    "link_survival",
    "Survival of links by age (Kaplan-Meier), for each source and host.",
    (
        Column("source", pl.String(), "Name of the source in the catalog; null: all sources."),
        Column("host", pl.String(), "Host name of the links; null: all of the source."),
        Column("age", pl.Int64(), "Days since the picture was fetched.", "days", required=True),
        Column("at_risk", pl.Int64(), "Links that were there at least so long and observed later.", required=True),
        Column("deaths", pl.Int64(), "Links that died at that age.", required=True),
        Column("censored", pl.Int64(), "Links last seen there at that age.", required=True),
        Column("survival", pl.Float64(), "Share of links that live longer.", "0 to 1", required=True),
        Column("lower", pl.Float64(), "Lower end of its 95% confidence interval.", "0 to 1"),
        Column("upper", pl.Float64(), "Upper end of its 95% confidence interval.", "0 to 1"),
    ),
)
LINK_HOSTS = Table(
    "link_hosts",
    "What rechecks taught of each host: how fast its links die, how it is, and what it answers truthfully.",
    (
        *(c for c in RAW if c.name == "source"),
        Column("host", pl.String(), "Host name of the links; null: all of the source."),
        Column("links", pl.Int64(), "Links observed.", required=True),
        Column("dead", pl.Int64(), "Links that are dead.", required=True),
        Column("link_days", pl.Float64(), "Time for which links were there, summed up.", "days", required=True),
        Column(
            "deaths",
            pl.Int64(),
            "Deaths within that time: of dead links, those that an even draw found.",
            required=True,
        ),
        Column("hazard", pl.Float64(), "Deaths / link_days.", "1/day"),
        Column("hazard_lower", pl.Float64(), "Lower end of its 95% confidence interval.", "1/day"),
        Column("hazard_upper", pl.Float64(), "Upper end of its 95% confidence interval.", "1/day"),
        Column("half_life", pl.Float64(), "ln 2 / hazard; null where none died.", "days"),
        Column("state", pl.String(), "`up`, `outage` or `lost`; null for a whole source."),
        Column("state_since", pl.Date(), "Since when.", "UTC"),
        Column("drawn", pl.Int64(), "Links that an even draw follows, or followed."),
        Column("suspects", pl.Int64(), "Of those, how many were gone when last seen, and are not dead yet."),
        Column(
            "stands_for",
            pl.Float64(),
            "Links, observed or not, that those stand for: each for as many as its shard has for one drawn.",
        ),
        Column(
            "spread",
            pl.Float64(),
            "Sum of w (w - 1) over those, where each stands for w links. With p = there / stands_for, the variance of "
            "`there` is p (1 - p) times it.",
        ),
        Column("there", pl.Float64(), "Of `stands_for`, how many are expected to be there on `as_of`."),
        Column("unseen_days", pl.Float64(), "How long before `as_of` these were last seen there, on average.", "days"),
        Column("as_of", pl.Date(), "Day of the newest observation of any link.", "UTC"),
        Column("head_kept", pl.Int64(), "HEAD requests whose answer was believed."),
        Column("head_lies", pl.Int64(), "HEAD requests that a GET contradicted."),
        Column("conditions_kept", pl.Int64(), "Conditional requests answered by 304, or by other bytes."),
        Column("conditions_ignored", pl.Int64(), "Conditional requests answered by the bytes that we have."),
    ),
)
DEAD_LINKS = Table(
    "dead_links",
    "The links that are dead.",
    (
        *(c for c in RAW if c.name in ("id", "source", "shard", "url")),
        Column("host", pl.String(), "Host name of the address.", required=True),
        Column("state", pl.String(), "The last final observation, or `host_lost`.", required=True),
        Column(
            "observations",
            pl.Int64(),
            "Final observations since it was last there; of `host_lost` also those that no answer came to.",
            required=True,
        ),
        Column("gone_since", UTC_TIME, "The first of them.", "UTC", required=True),
        Column("dead_since", UTC_TIME, "The one that made it dead.", "UTC", required=True),
        Column(
            "told", pl.Boolean(), "One of the observations makes the estimates (`uniform`), so they know its death."
        ),
    ),
)
