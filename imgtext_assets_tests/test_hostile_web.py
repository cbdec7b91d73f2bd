"""One build of a list that leads to everything hostile that we know of, beside honest neighbours: how every row ends.

The build is the real one: `imgtext build` in a process of its own, on a Dagster instance of its own, through all
stages, over TCP. What each kind is, and where it must end, is in `imgtext_assets_tests.web.malice`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.catalog import FetchSettings, HostLimits
from imgtext_assets.fetch import Request, fetch_all
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.web.builds import CONCURRENCY, MAX_BYTES, MAX_PIXELS, WORKERS, Built, build
from imgtext_assets_tests.web.malice import malice
from imgtext_assets_tests.web.of_redirects import SECRET, SPELLINGS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with build(tmp_path_factory.mktemp("hostile"), malice()) as built:
        yield built


def test_every_kind_ends_at_its_stage_for_its_reason(built: Built) -> None:
    expected = {name: (kind.stage, kind.reason) for name, kind in built.cast.kinds.items()}
    assert built.returncode == 0, built.said
    assert built.all_ends == expected
    assert len(expected) >= 60


def test_rows_in_are_kept_and_rejected_at_every_stage(built: Built) -> None:
    received = sum(kind.links for kind in built.cast.kinds.values())
    for table in STAGES:
        rows = built.project.scan(table.name).collect()
        assert rows.height == received
        received = rows["reject_reason"].is_null().sum()


def test_nobody_dials_what_is_not_allowed(built: Built) -> None:
    """By no spelling of its address, in a list or a redirect, and by no name that resolves to it."""
    assert (built.forbidden.dialled, built.forbidden.requests) == (0, [])


@pytest.mark.parametrize("host", [host for host in SPELLINGS.values() if not host.startswith("[")])
def test_where_it_is_allowed_the_same_address_is_reached(built: Built, host: str) -> None:
    """So the guard alone kept the build away from it: every spelling of IPv4 does lead there."""
    settings = FetchSettings(allow_networks=["127.0.0.0/30"], hosts=[HostLimits(rate=1e6)])
    before = built.forbidden.dialled
    (outcome,) = fetch_all([Request(f"http://{host}:{built.forbidden.port}/")], settings)
    assert outcome.body is not None
    with outcome.body as body:
        assert body.read() == SECRET
    built.forbidden.dialled = before
    built.forbidden.requests.clear()


def test_nothing_is_told_to_hosts_that_is_not_theirs(built: Built) -> None:
    headers = {name for seen in built.requests.values() for one in seen for name in one.headers}
    assert headers == {"host", "user-agent", "accept", "accept-encoding"}
    agents = {one.headers["user-agent"] for seen in built.requests.values() for one in seen}
    assert {agent.partition("/")[0] for agent in agents} == {"imgtext-assets"}
    assert all("data@example.org" in agent for agent in agents)


def test_no_file_of_this_machine_and_no_secret_is_in_the_lake(built: Built) -> None:
    local = Path("/etc/passwd").read_bytes()
    for blob in (built.folder / "lake" / "blobs").rglob("*"):
        if blob.is_file():
            body = blob.read_bytes()
            assert local[:100] not in body
            assert SECRET not in body


def test_nothing_is_written_but_the_lake_and_the_instance(built: Built) -> None:
    written = {path.relative_to(built.folder) for path in built.folder.rglob("*") if path.is_file()}
    places = {path.parts[0] for path in written if len(path.parts) > 1}
    assert places == {"lake", "dagster", "list"}
    assert not Path("/tmp/escaped").exists()
    assert not Path("/tmp/escaped.jpg").exists()


def test_the_hashes_of_a_row_are_those_of_its_file(built: Built) -> None:
    rows = built.project.scan("verified").filter(pl.col("reject_reason").is_null()).collect()
    assert rows.height > len([name for name in built.cast.kinds if name.startswith("honest")])
    for sha256, md5, size in rows.select("sha256", "measured_md5", "bytes").iter_rows():
        body = (built.folder / "lake" / "blobs" / "sha256" / sha256[:2] / sha256[2:4] / sha256).read_bytes()
        assert hashlib.sha256(body).hexdigest() == sha256
        assert hashlib.md5(body, usedforsecurity=False).hexdigest() == md5
        assert len(body) == size


def test_every_blob_is_what_its_name_says(built: Built) -> None:
    blobs = [path for path in (built.folder / "lake" / "blobs").rglob("*") if path.is_file()]
    assert blobs
    assert all(hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name for blob in blobs)


def test_no_process_is_left(built: Built) -> None:
    assert not built.orphans


def test_big_bodies_and_bombs_take_no_more_memory_than_the_limits_say(
    built: Built, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Compared with a build of the honest neighbours alone. What 1.5 GB of body or a 900-megapixel PNG may add is what
    the limits leave: bodies at once, and decoders with the largest picture, a few times over at four bytes a pixel.
    """
    honest = {name: kind for name, kind in malice().items() if name.startswith("honest")}
    with build(tmp_path_factory.mktemp("honest"), honest) as calm:
        assert calm.returncode == 0, calm.said
    allowed = CONCURRENCY * MAX_BYTES + WORKERS * 4 * 4 * MAX_PIXELS
    assert built.peak - calm.peak < allowed < 300_000_000


# What a user of img2dataset meets, each by its name.


def test_a_file_url_is_never_opened(built: Built) -> None:
    assert built.all_ends["lists a file"] == ("raw_metadata", "bad_url")
    assert built.all_ends["redirects to a file"] == ("downloaded", "blocked_address")


def test_a_redirect_to_loopback_is_not_followed(built: Built) -> None:
    assert built.all_ends["redirects to a name of loopback"] == ("downloaded", "blocked_address")
    assert [seen.path for seen in built.asked("redirects to a name of loopback")] == ["/picture.jpg"]


@pytest.mark.parametrize("wait", ["30", "1000000000", "Wed, 01 Jan 2099 00:00:00 GMT"])
def test_a_host_that_wants_quiet_is_not_asked_again_before(built: Built, wait: str) -> None:
    """In the whole build, all of its stages, each of which would else ask again for what may have passed."""
    name = f"answers 429, come back after {wait}"
    assert built.all_ends[name] == ("downloaded", "throttled")
    first, *later = (seen.at for seen in built.asked(name))
    quiet = 30.0 if wait == "30" else float("inf")
    assert [at - first for at in later if at - first < quiet] == []


def test_a_dripping_body_is_given_up_and_holds_up_nobody(built: Built) -> None:
    """While it dripped, others were asked, at last after its first try began."""
    assert built.all_ends["drips"] == ("downloaded", "timeout")
    first, second, *_ = (seen.at for seen in built.asked("drips"))
    meanwhile = [one for seen in built.requests.values() for one in seen if first < one.at < second]
    assert len(meanwhile) > CONCURRENCY


@pytest.mark.parametrize(
    "name", ["promises 1.5 GB and sends them", "sends 1.5 GB without a promise", "sends 300 MB in chunks", "never ends"]
)
def test_of_a_body_too_large_little_is_read_once(built: Built, name: str) -> None:
    assert built.all_ends[name] == ("downloaded", "too_large")
    assert len(built.asked(name)) == 1
    assert built.sent[built.cast.host(name)] < MAX_BYTES + 30_000_000  # what sockets buffer is sent, and not read


def test_a_png_bomb_costs_one_row(built: Built) -> None:
    assert built.all_ends["is a PNG of 900 megapixels"] == ("verified", "decode_limit")
    assert all(built.all_ends[name] == ("verified", None) for name in built.cast.kinds if name.startswith("honest"))


@pytest.mark.parametrize("name", ["says noml", "says none", "reserves the rights"])
def test_who_opts_out_is_obeyed(built: Built, name: str) -> None:
    assert built.all_ends[name] == ("downloaded", "opted_out")


@pytest.mark.parametrize("name", ["lists an address with é", "lists an address with a space"])
def test_an_odd_address_is_had(built: Built, name: str) -> None:
    assert built.all_ends[name] == ("verified", None)
