"""Links over the years: what each recheck saw, and what that says of a source and a host.

Pure: frames in, frames out; drawings and pages are strings. What belongs here: which links to ask and how, the states
of a link, when it is dead, decay. What does not: asking hosts (`fetch`).
"""

from imgtext_assets.links.asking import Way, believed, gives_up, request_for, ways
from imgtext_assets.links.budget import Round, history, plan
from imgtext_assets.links.forecast import first_of_next_month, forecast, forecast_sentence, level_of_all
from imgtext_assets.links.learning import PICTURES, Learned, learn
from imgtext_assets.links.observe import (
    FINAL,
    REFUSED_RULE,
    STATES,
    THERE,
    Answer,
    answers_frame,
    given_instead,
    refused_since,
    states,
)
from imgtext_assets.links.page import TOP_HOSTS, decay_page, losing_most, sources
from imgtext_assets.links.plot import share_svg, survival_svg

__all__ = [
    "FINAL",
    "PICTURES",
    "REFUSED_RULE",
    "STATES",
    "THERE",
    "TOP_HOSTS",
    "Answer",
    "Learned",
    "Round",
    "Way",
    "answers_frame",
    "believed",
    "decay_page",
    "first_of_next_month",
    "forecast",
    "forecast_sentence",
    "given_instead",
    "gives_up",
    "history",
    "learn",
    "level_of_all",
    "losing_most",
    "plan",
    "refused_since",
    "request_for",
    "share_svg",
    "sources",
    "states",
    "survival_svg",
    "ways",
]
