"""What the table says of a licence: who it is, how it is stated, and what it demands.

What belongs here: the shape of a row, and comparing what two rows demand. What does not: the rows, and matching.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto


class Demand(Flag):
    """What somebody who uses a work owes or must not do. More demands are stricter; RESERVED is all of them."""

    ATTRIBUTION = auto()
    SHARE_ALIKE = auto()
    NON_COMMERCIAL = auto()
    NO_DERIVATIVES = auto()
    OWN_TERMS = auto()
    RESERVED = auto()

    @property
    def mask(self) -> int:
        """The demands as bits, where no permission at all implies every other demand."""
        return ALL_DEMANDS.value if Demand.RESERVED in self else self.value

    @property
    def words(self) -> str:
        """For people: `attribution, share-alike`; `-` where nothing is demanded."""
        return ", ".join(str(demand.name).lower().replace("_", "-") for demand in self) or "-"


NOTHING = Demand(0)
ALL_DEMANDS = ~NOTHING


@dataclass(frozen=True, kw_only=True)
class License:
    """One licence, public-domain statement or reservation of rights.

    `id` is SPDX's where there is one, else ours in SPDX's style. `url` is the canonical address, `urls` are further
    ones that state the same. `spellings` are whole statements, `templates` names of Wikimedia templates; both compare
    without regard to case and to which of space, `-` and `_` separates words. `flickr` is its number there.

    `demands` has OWN_TERMS where the licence has conditions that none of the other demands covers, and RESERVED where
    no use is permitted, or nobody knows. `public_domain`: nobody claims copyright, at least in `jurisdiction`, which
    is a Creative Commons port's or country's code, null where the licence is for all.
    """

    id: str
    title: str
    url: str | None = None
    urls: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    flickr: int | None = None
    version: str | None = None
    jurisdiction: str | None = None
    demands: Demand = NOTHING
    public_domain: bool = False

    @property
    def attribution(self) -> bool:
        """Whether whoever uses the work must name its author; where nothing is permitted, the question is idle."""
        return Demand.ATTRIBUTION in self.demands

    @property
    def share_alike(self) -> bool:
        """Whether adaptations must be under the same licence."""
        return Demand.SHARE_ALIKE in self.demands

    @property
    def non_commercial(self) -> bool:
        """Whether commercial use is forbidden."""
        return Demand.NON_COMMERCIAL in self.demands

    @property
    def no_derivatives(self) -> bool:
        """Whether adaptations are forbidden."""
        return Demand.NO_DERIVATIVES in self.demands

    @property
    def reserved(self) -> bool:
        """Whether no use is permitted, or none that anybody can name."""
        return Demand.RESERVED in self.demands


@dataclass(frozen=True)
class Match:
    """A statement that was recognised: the licence, and in words which pattern of the table it matched."""

    license: License
    pattern: str
