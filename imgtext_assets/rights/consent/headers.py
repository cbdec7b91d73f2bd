"""What a response's headers say of the use of the picture: X-Robots-Tag and TDMRep, by word and by scope.

X-Robots-Tag is Google's (https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag), and so is its
word `noimageindex`, for pictures that nobody should index; `noai` and `noimageai` were proposed by DeviantArt
(https://www.deviantart.com/team/journal/UPDATE-All-Deviations-Are-Opted-Out-of-AI-Datasets-934500371), `noml` by Mojeek
(https://noml.info). `tdm-reservation` and `tdm-policy` are TDMRep's
(https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/). Content-Usage (draft-ietf-aipref-attach) and
Content-Signal (https://contentsignals.org) are drafts: they are recorded, and refuse nothing.

What belongs here: headers, as names in lower case with their values. What does not: files of the host (`robots`,
`tdmrep`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.rights.consent.robots import PRODUCT

Headers = Mapping[str, Sequence[str]]

X_ROBOTS_TAG, TDM_RESERVATION = "x-robots-tag", "tdm-reservation"
RECORDED = (X_ROBOTS_TAG, TDM_RESERVATION, "tdm-policy", "content-usage", "content-signal")
_MAX_VALUES, _MAX_LENGTH = 16, 1024  # of one header, as far as it is recorded

# `none` is Google's word for every refusal at once; `noindex` alone speaks of search results, and refuses nothing here.
_REFUSALS = frozenset({"noai", "noimageai", "noimageindex", "noml", "none"})
_SCOPE = re.compile(r"([A-Za-z][\w.-]*|\*)(?:/[\w.]*)?\s*:")
_ENDS = re.compile(r"[,;]")
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})


def recorded(headers: Headers) -> dict[str, list[str]]:
    """Of a response's headers those that speak of consent, within limits: a host may send anything."""
    return {
        name: [value[:_MAX_LENGTH] for value in headers[name][:_MAX_VALUES]] for name in RECORDED if headers.get(name)
    }


def refused_by_headers(headers: Headers, policy: ConsentPolicy) -> str | None:
    """The evidence that the headers refuse under the policy, such as `X-Robots-Tag: noai`; None where they do not.

    >>> refused_by_headers({"x-robots-tag": ["otherbot: noai, GPTBot: noimageai"]}, ConsentPolicy())
    'X-Robots-Tag: GPTBot: noimageai'
    """
    if policy.x_robots_tag and (words := opts_out(headers.get(X_ROBOTS_TAG, ()), policy.agents)):
        return f"X-Robots-Tag: {words}"
    if policy.tdm_reservation and reserves(headers):
        return "tdm-reservation: 1"
    return None


def reserves(headers: Headers) -> bool:
    """Whether TDMRep's header reserves the rights: it is 1. Other values than 0 and 1 count as unset."""
    values = (part.strip() for value in headers.get(TDM_RESERVATION, ()) for part in value.split(","))
    return "1" in values


def opts_out(values: Sequence[str], agents: Collection[str]) -> str | None:
    """The directive of X-Robots-Tag headers that refuses us, with its scope where it has one; None: none does.

    A directive may be scoped to one robot (`otherbot: noai`), up to the next scope on the line; it counts where the
    scope is absent, `*`, PRODUCT or one of `agents`, without regard to case or to a version (`GPTBot/1.1: noai`).
    Some write semicolons or only spaces between words where commas belong: they are heard.

    >>> opts_out(["otherbot: noai", "noindex, NoImageAI"], [])
    'noimageai'
    """
    meant = {"", "*", PRODUCT, *(agent.lower() for agent in agents)}
    for value in values:
        scope = ""
        for part in _ENDS.split(value):
            directive = part.strip()
            match = _SCOPE.match(directive)
            if match and match[1].lower() not in _VALUED:
                scope, directive = match[1], directive[match.end() :].strip()
            words = [] if ":" in directive else directive.lower().split()
            word = next((word for word in words if word in _REFUSALS), None)
            if word and scope.lower() in meant:
                return f"{scope}: {word}" if scope else word
    return None
