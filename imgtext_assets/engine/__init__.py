"""Where heavy work runs: `map(fn, items)` with the same results everywhere.

`LocalEngine` runs it in processes of this machine that may be killed at no harm, `ClusterEngine` in such processes
of all machines of a Dask cluster.

What belongs here: running functions elsewhere, with limits. What does not: what the functions do.
"""

from imgtext_assets.engine.cluster import ClusterEngine, ClusterError
from imgtext_assets.engine.engine import Engine, Failed
from imgtext_assets.engine.local import LocalEngine

__all__ = ["ClusterEngine", "ClusterError", "Engine", "Failed", "LocalEngine"]
