"""Links over the years: what each recheck saw, and what that says of a source and a host.

Pure: frames in, frames out; the one drawing is a string. What belongs here: the states of a link, when it is dead,
decay. What does not: asking hosts (`fetch`), and when to ask.
"""

from imgtext_assets.links.decay import alive_share, link_decay
from imgtext_assets.links.observe import REFUSED_RULE, STATES, answers_frame, refused_since, request_for, states
from imgtext_assets.links.plot import survival_svg

__all__ = [
    "REFUSED_RULE",
    "STATES",
    "alive_share",
    "answers_frame",
    "link_decay",
    "refused_since",
    "request_for",
    "states",
    "survival_svg",
]
