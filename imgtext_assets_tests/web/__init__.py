"""The hostile web: real servers on loopback that misbehave in every way that a client must survive."""

from imgtext_assets_tests.web.hostile import CUT, RESET, HostileWeb, Manner, Seen, answer, says, then

__all__ = ["CUT", "RESET", "HostileWeb", "Manner", "Seen", "answer", "says", "then"]
