"""Where heavy work runs: `map(fn, items)` with the same results everywhere.

`LocalEngine` runs it in processes of this machine that may be killed at no harm. A cluster is one more class with
the same `map`.

What belongs here: running functions elsewhere, with limits. What does not: what the functions do.
"""

from imgtext_assets.engine.engine import Engine, Failed
from imgtext_assets.engine.local import LocalEngine

__all__ = ["Engine", "Failed", "LocalEngine"]
