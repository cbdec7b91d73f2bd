"""The sample: real public-domain photographs on a small web of their own, with planted cases.

What belongs here: all that the demo and `make ui` need in place of the internet. What does not: stages of the build,
none of which may know this room.
"""

from imgtext_assets.demo.decay import decay, decayed_states
from imgtext_assets.demo.folder import load_pages, write_sample
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.sample import Sample, build_sample
from imgtext_assets.demo.web import DemoWeb, Seen

__all__ = ["DemoWeb", "Page", "Sample", "Seen", "build_sample", "decay", "decayed_states", "load_pages", "write_sample"]
