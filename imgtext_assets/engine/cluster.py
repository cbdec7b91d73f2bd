"""Workers of a Dask cluster, on as many machines as it has (https://distributed.dask.org).

What comes from strangers runs beside a worker, in processes of its own that may be killed (`LocalEngine`), so the
limits and what they say are the same as on one machine, and a picture never takes a worker with it. What Dask adds: a
chunk whose machine is lost runs on another. Functions read what they need by themselves, so whatever store they ask
must be in reach of every worker.

What belongs here: tasks on a cluster. What does not: limits (`local`), starting a cluster, which is its owner's.
"""

from __future__ import annotations

import multiprocessing
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from imgtext_assets.catalog import CatalogError
from imgtext_assets.engine.engine import Failed, Item, Value
from imgtext_assets.engine.local import LocalEngine
from imgtext_assets.engine.order import in_chunks, in_order

if TYPE_CHECKING:
    from distributed import Future

CONNECT_SECONDS = 10
TRIES = 3  # of what was lost with all workers that had it
COUNT_SECONDS = 5  # how old the number of the cluster's threads may be
PACKAGES = ("imgtext-assets", "numpy", "pillow", "scipy", "simplejpeg")
"""What decides which results a function has: a worker with another version of these is refused."""

Versions = tuple[str, ...]


class ClusterError(Exception):
    """The cluster cannot be used; the message says why and what to do."""


class Setup(NamedTuple):
    """How the processes beside a worker are, as `LocalEngine` takes it."""

    memory: int | None
    cpu_seconds: float | None
    preload: tuple[str, ...]


class ClusterEngine:
    """The workers of the Dask scheduler at `address`, such as `tcp://scheduler:8786`, each thread running a chunk.

    It connects at the first use. `memory`, `cpu_seconds` and `preload` hold for the processes beside each worker as
    they do for `LocalEngine`; they stay with the worker, for the next run. Where all workers are gone, new ones are
    waited for `patience` seconds. Dask's own configuration says how to connect by TLS.

    Raises CatalogError where Dask is not installed. When used, raises ClusterError where the scheduler does not answer
    or has no workers, or where a worker has other versions of what results depend on.
    """

    def __init__(
        self,
        address: str,
        memory: int | None = None,
        cpu_seconds: float | None = None,
        preload: Sequence[str] = (),
        patience: float = 60,
    ) -> None:
        if find_spec("distributed") is None:
            raise CatalogError("`engine.cluster` needs Dask: pip install 'imgtext-assets[cluster]'")
        self._address = address
        self._setup = Setup(memory, cpu_seconds, tuple(preload))
        self._patience = patience
        self._client: Any = None  # a Client, whose types say that all of it may be awaited
        self._starting = Lock()
        self._threads, self._counted = 0, float("-inf")

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item], chunk: int = 16) -> Iterator[Value | Failed]:
        """`fn` of each item, in order; see `Engine.map`. At most two chunks a thread are ahead of the results.

        Raises PicklingError or AttributeError at once if `fn` cannot travel; ClusterError where a chunk cannot be run.
        """
        pickle.dumps(fn)

        def submit(batch: Sequence[Item]) -> Future:
            # Packed, so that neither the scheduler nor a worker of another version opens it.
            return self._connected().submit(_run_chunk, pickle.dumps((fn, batch)), self._setup, _versions(), pure=False)

        return in_chunks(submit, self._outcome, items, chunk, self._ahead, _release)

    def spread(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
        """`fn` of each item, in order, in the threads of the workers; see `Engine.spread`.

        `fn` is sent once to every worker, which keeps it in memory until all results are taken.
        """
        sent = self._send(fn)

        def submit(item: Item) -> Future:
            return self._connected().submit(_call, sent, item, _versions(), pure=False)

        for future, item in in_order(submit, items, self._ahead, _release):
            value: Any = None
            for left in reversed(range(TRIES)):
                try:
                    value = self._taken(future)
                    break
                except CancelledError as error:  # lost, with all workers that had the function or the value
                    if not left:
                        raise self._lost(error) from None
                    if sent.status == "cancelled":
                        sent = self._send(fn)
                    future = submit(item)
            yield value

    def close(self) -> None:
        """Leave the cluster; what runs for this engine is dropped. A later use connects again."""
        with self._starting:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> Any:
        from distributed import Client

        with self._starting:
            if self._client is None:
                try:
                    self._client = Client(
                        self._address, timeout=CONNECT_SECONDS, set_as_default=False, name="imgtext-assets"
                    )
                except (OSError, ValueError) as error:
                    raise ClusterError(
                        f"no Dask scheduler answers at {self._address}: {_said(error)}; start one with "
                        "`dask scheduler`, or correct `engine.cluster` in the catalog"
                    ) from None
                self._wait_for_workers(self._client)
            return self._client

    def _wait_for_workers(self, client: Any) -> None:
        try:
            client.wait_for_workers(1, timeout=self._patience)
        except TimeoutError:
            raise ClusterError(
                f"the cluster {self._address} has had no workers for {self._patience:g} s; start some with "
                f"`dask worker {self._address}`"
            ) from None

    def _ahead(self) -> int:
        if time.monotonic() - self._counted > COUNT_SECONDS:  # workers come and go
            self._threads = sum(self._asking(self._connected().nthreads).values())
            self._counted = time.monotonic()
        return 2 * self._threads

    def _outcome(self, future: Future) -> Sequence[Any] | Failed:
        from distributed import KilledWorker

        error = self._error(future)
        if error is None:
            return self._asking(future.result)
        if isinstance(error, KilledWorker):
            return Failed("crash", f"the workers that ran it died: {_said(error)}")
        raise self._refusal(error)

    def _taken(self, future: Future) -> Any:
        """What the task gives; what it raises is raised. CancelledError where it was lost."""
        error = self._error(future)
        if error is not None:
            raise self._refusal(error) if _is_of_dask(error) else error
        return future.result()

    def _error(self, future: Future) -> BaseException | None:
        """What the task raised, once it is over. ClusterError where nobody is left to run it."""
        while not self._asking(partial(_over, future, self._patience)):
            self._asking(partial(self._wait_for_workers, self._connected()))
        return self._asking(future.exception)

    def _send(self, value: Any) -> Future:
        """The value in the memory of every worker."""
        client = self._connected()
        self._asking(partial(self._wait_for_workers, client))
        return self._asking(partial(client.scatter, value, broadcast=True, hash=False))

    def _asking(self, ask: Callable[[], Any]) -> Any:
        """What `ask` gives; ClusterError where the scheduler is gone."""
        try:
            return ask()
        except (CancelledError, OSError) as error:
            raise self._lost(error) from None

    def _lost(self, error: BaseException) -> ClusterError:
        return ClusterError(
            f"the cluster {self._address} was lost: {_said(error)}; what is done is kept, so run again once it is back"
        )

    def _refusal(self, error: BaseException) -> ClusterError:
        if isinstance(error, ClusterError):
            return error
        return ClusterError(
            f"the cluster {self._address} could not run it: {_said(error)}; workers and scheduler need the same "
            "imgtext-assets[cluster] as this machine, and room for the work"
        )


def _over(future: Future, seconds: float) -> bool:
    """Whether the task is over, after at most so many seconds."""
    try:
        future.exception(timeout=seconds)
    except TimeoutError:
        return False
    return True


def _is_of_dask(error: BaseException) -> bool:
    from distributed import KilledWorker

    return isinstance(error, (KilledWorker, CancelledError, ClusterError))


def _release(futures: Iterable[Future]) -> None:
    """The scheduler drops what nobody holds; a chunk that runs comes to its end, and its results go nowhere."""
    for future in futures:
        future.release()


@cache
def _versions() -> Versions:
    return tuple(map(version, PACKAGES))


_engines: dict[Setup, LocalEngine] = {}
_starting = Lock()


def _run_chunk(packed: bytes, setup: Setup, wanted: Versions) -> list[Any]:
    """In a worker: the results of a chunk, from a process beside it."""
    _check_versions(wanted)
    fn, batch = pickle.loads(packed)  # noqa: S301 - from our own engine
    return list(_engine_here(setup).map(fn, batch, chunk=len(batch)))


def _call(fn: Callable[[Item], Value], item: Item, wanted: Versions) -> Value:
    """In a worker: the function itself."""
    _check_versions(wanted)
    return fn(item)


def _engine_here(setup: Setup) -> LocalEngine:
    """The processes beside this worker, one for each of its threads."""
    from distributed import get_worker

    with _starting:
        if setup not in _engines:
            multiprocessing.current_process().daemon = False  # as Dask starts its workers; such may have no children
            _engines[setup] = LocalEngine(get_worker().state.nthreads, *setup)
        return _engines[setup]


def _check_versions(wanted: Versions) -> None:
    here = _versions()
    if here != wanted:
        different = [
            f"{name} {is_} instead of {should}"
            for name, is_, should in zip(PACKAGES, here, wanted, strict=True)
            if is_ != should
        ]
        raise ClusterError(f"a worker has {', '.join(different)}; install the same everywhere, or results differ")


def _said(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
