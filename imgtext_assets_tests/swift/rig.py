"""OpenStack Swift with its S3 API on loopback: a real object store for tests, which checks signatures.

Four processes (proxy, account, container, object) with rings of one device. Swift lives in a virtual environment of its
own, since it brings eventlet and pins of its own; nothing of it is imported here.
"""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGE = 100  # names that a listing gives at once; S3 gives 1,000, which takes long to put
ACCESS_KEY, SECRET_KEY, REGION = "test:lake", "a-secret-that-is-checked", "us-east-1"
_REPOSITORY = Path(__file__).parents[2]
_STORAGE = ("account", "container", "object")
_PATIENCE = 60.0

# What `swift-ring-builder FILE create 4 1 0`, `add` and `rebalance` do, for all three rings in one process.
_RINGS = """
import sys
from swift.common.ring import RingBuilder
for pair in sys.argv[1:]:
    name, port = pair.split("=")
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "sda", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(name + ".ring.gz")
"""

# One machine does everything here: a busy one is slow, which is no reason to call its only device broken.
_COMMON = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
devices = {folder}
mount_check = false
user = {user}
workers = 0
fallocate_reserve = 0
conn_timeout = 20
node_timeout = 60
container_update_timeout = 60
"""
_STORAGE_CONF = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
log_requests = false
"""
_PROXY_CONF = """
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth bulk slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
conn_timeout = 20
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_limit = 1000000
[filter:s3api]
use = egg:swift#s3api
location = {region}
max_bucket_listing = {page}
auth_pipeline_check = false
[filter:tempauth]
use = egg:swift#tempauth
user_{user_of_key} = {secret} .admin
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
"""
_FILTERS = ("catch_errors", "gatekeeper", "listing_formats", "bulk", "slo", "dlo", "symlink")


class RigError(Exception):
    """Swift did not start; the message says why, and where its logs are."""


@dataclass(frozen=True)
class Swift:
    """A running Swift."""

    endpoint: str
    folder: Path

    def environment(self) -> dict[str, str]:
        """What every AWS client reads to find it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def logs(self) -> str:
        """The last lines of every server's log; the whole of it stays in `folder`."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {log}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)


def installation() -> Path | None:
    """The virtual environment that has Swift: $IMGTEXT_SWIFT_VENV, else `.venv-swift` beside the project's own."""
    venv = Path(os.environ.get("IMGTEXT_SWIFT_VENV") or _REPOSITORY / ".venv-swift")
    return venv if (venv / "bin" / "swift-proxy-server").exists() else None


@contextmanager
def swift(folder: Path, venv: Path) -> Iterator[Swift]:
    """Swift in `folder`, which must be on a file system with extended attributes. Raises RigError.

    Every server is stopped at the end. The logs stay in `folder`.
    """
    _demand_attributes(folder)
    folder = folder.resolve()
    (folder / "sda").mkdir()
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = imgtext\n")
    names = (*_STORAGE, "proxy")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    for name in names:
        (folder / f"{name}.conf").write_text(_configuration(name, ports[name], folder))
    running = Swift(f"http://127.0.0.1:{ports['proxy']}", folder)
    with ExitStack() as stack:
        servers = [stack.enter_context(_server(venv, name, folder)) for name in _STORAGE]
        _build_rings(venv, folder, {name: ports[name] for name in _STORAGE})
        servers.append(stack.enter_context(_server(venv, "proxy", folder)))
        for server, port in zip(servers, ports.values(), strict=True):
            _await(server, port, running)
        yield running


def _demand_attributes(folder: Path) -> None:
    """Swift keeps an object's metadata in extended attributes."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / "probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.imgtext", b"1")
    except OSError as error:
        raise RigError(f"{folder}: no extended attributes ({error}); set TMPDIR to a folder on ext4 or xfs") from None
    probe.unlink()


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until all are known, so that no two are the same."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _configuration(name: str, port: int, folder: Path) -> str:
    common = _COMMON.format(port=port, folder=folder, user=getpass.getuser())
    if name != "proxy":
        return common + _STORAGE_CONF.format(name=name)
    filters = "".join(f"[filter:{each}]\nuse = egg:swift#{each}\n" for each in _FILTERS)
    user = ACCESS_KEY.replace(":", "_")
    return common + _PROXY_CONF.format(region=REGION, page=PAGE, user_of_key=user, secret=SECRET_KEY) + filters


def _build_rings(venv: Path, folder: Path, ports: dict[str, int]) -> None:
    pairs = [f"{name}={port}" for name, port in ports.items()]
    done = subprocess.run(
        [venv / "bin" / "python", "-W", "ignore", "-c", _RINGS, *pairs], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise RigError(f"the rings were not built: {done.stderr[-2000:]}")


@contextmanager
def _server(venv: Path, name: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One server, in a session of its own, so that all it starts can be stopped."""
    with (folder / f"{name}.log").open("wb") as log:
        command = [venv / "bin" / f"swift-{name}-server", folder / f"{name}.conf", "--verbose"]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _await(server: subprocess.Popen[bytes], port: int, running: Swift) -> None:
    """Until that server answers; one that ended or never does is told with all logs."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RigError(f"{server.args} did not start:\n{running.logs()}")


if __name__ == "__main__":  # a store to try things on: prints what to export, runs until interrupted
    place = installation()
    if place is None:
        sys.exit("no Swift: run `make s3-test`, or set IMGTEXT_SWIFT_VENV")
    with swift(Path(sys.argv[1]), place) as store:
        print("\n".join(f"export {key}='{value}'" for key, value in store.environment().items()), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("stopped")
