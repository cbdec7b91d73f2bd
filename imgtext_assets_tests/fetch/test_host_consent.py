"""Hosts are asked for their consent before their pictures: once a day, once a shard, and what they say is obeyed.

Real servers, a real lake, the shard's real journal.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import polars as pl
import pytest

from imgtext_assets.catalog import Catalog, ConsentPolicy, Policy, Source
from imgtext_assets.defs.assets.duplicates import fingerprints
from imgtext_assets.defs.assets.links import link_checks
from imgtext_assets.defs.fetching import Fetcher, counts, refused_by
from imgtext_assets.defs.progress import LogProgress
from imgtext_assets.defs.rechecks import Recheck
from imgtext_assets.fetch import Harvest
from imgtext_assets.lake import Lake
from imgtext_assets.reasons import REFUSALS
from imgtext_assets.sources.urls import url_key
from imgtext_assets.tables import FETCHES, HOST_FILES, LICENSE_FILTERED, LINK_CHECKS, VERIFIED
from imgtext_assets_tests.defs.world import engine_with
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.pictures.files import encode, photograph
from imgtext_assets_tests.web import CUT, RESET, HostileWeb, Seen, answer, then
from imgtext_assets_tests.web.hostile import Manner, Words

SHARD = "s-00000"
PICTURE = answer(b"\xff\xd8a picture")
CLOSED = b"User-agent: GPTBot\nDisallow: /\n"
OPEN = b"User-agent: *\nAllow: /\n"
ROBOTS, TDMREP = "/robots.txt", "/.well-known/tdmrep.json"


@dataclass(frozen=True)
class Shard:
    """A shard's lake, and what fetching its pictures comes to."""

    folder: Path
    catalog: Catalog

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder))

    def with_policy(self, **consent: Any) -> Shard:
        policy = Policy(consent=ConsentPolicy(**consent))
        return replace(self, catalog=self.catalog.model_copy(update={"policy": policy}))

    def fetcher(self, shard: str = SHARD) -> Fetcher:
        context: Any = dg.build_asset_context(partition_key=shard)
        return Fetcher(context, self.lake, self.catalog, LogProgress())

    def fetch(self, *urls: str, shard: str = SHARD) -> Harvest:
        rows = pl.DataFrame({"url": urls}).with_columns(url_key=url_key(pl.col("url")))
        return self.fetcher(shard).fetch(rows, "pictures fetched")

    def with_opt_outs(self, *lines: str) -> Shard:
        file = self.folder / "opt-outs.txt"
        file.write_text("\n".join(lines))
        return self.with_policy(opt_out_lists=[str(file)])

    def outcomes(self, *urls: str) -> list[str]:
        """Outcome and detail of each address, in order."""
        answers = {row["url"]: row for row in self.fetch(*urls).answers.iter_rows(named=True)}
        return [answers[url]["detail"] or answers[url]["outcome"] for url in urls]

    def journal(self) -> pl.DataFrame:
        return self.lake.tables.scan(FETCHES.name, FETCHES.schema, [SHARD]).collect()

    def turn_back_the_clock(self, by: timedelta) -> None:
        """As if all in the journals had happened earlier."""
        tables = self.lake.tables
        for name in (FETCHES.name, HOST_FILES.name):
            for part in tables.shards(name):
                rows = tables.scan(name, FETCHES.schema, [part]).collect()
                tables.compact(name, rows.with_columns(pl.col("fetched_at") - by), tables.files(name, part), part)

    def stored(self) -> set[bytes]:
        return {file.read_bytes() for file in (self.folder / "blobs").rglob("*") if file.is_file()}


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    source = Source(name="s", format="table", paths=["nowhere.parquet"])
    return Shard(tmp_path, Catalog(sources=[source], lake=str(tmp_path), fetch=loopback(attempts=1)))


def web_with(robots: Manner | None = None, tdmrep: Manner | None = None, **pictures: Manner) -> HostileWeb:
    files = {ROBOTS: robots, TDMREP: tdmrep}
    manners = {path: manner for path, manner in files.items() if manner is not None}
    return HostileWeb({**manners, "/a.jpg": PICTURE, "/b.jpg": PICTURE, **pictures})


def paths(web: HostileWeb) -> list[str]:
    return [seen.path for seen in web.requests]


def redirect(to: str) -> Manner:
    return answer(status="301 Moved", headers={"Location": to})


BEYOND = b"#" * 99 + b"\n"
NOT_THERE: Mapping[str, Manner] = {
    "404": answer(b"User-agent: *\nDisallow: /", status="404 Not Found"),
    "403": answer(status="403 Forbidden"),
    "401": answer(status="401 Unauthorized"),
    "410": answer(status="410 Gone"),
    "no content": answer(status="204 No Content"),
    "a page": answer(b"<!DOCTYPE html><p>Not found"),
    "garbage": answer(bytes(range(256)) * 100),
    "nothing": answer(b""),
    "redirects for ever": lambda seen: redirect(f"{ROBOTS}?{seen.number}")(seen),
    "redirects to what is private": redirect("http://10.0.0.1/robots.txt"),
    "says no beyond the limit": answer(BEYOND * 6_000 + CLOSED),
}
SAYS_NO: Mapping[str, Manner] = {
    "plainly": answer(CLOSED),
    "after a byte order mark": answer(b"\xef\xbb\xbf" + CLOSED),
    "after garbage": answer(b"\xff\xfe\x00\n" + CLOSED),
    "before a megabyte": answer(CLOSED + BEYOND * 10_000),
    "to all": answer(b"User-agent: *\nDisallow: /"),
    "by a redirect": redirect("/other/robots.txt"),
    "with a refusal of its own": answer(CLOSED, headers={"X-Robots-Tag": "noai"}),
}
BUSY: Mapping[str, tuple[Manner, str]] = {
    "500": (answer(status="500 Oops"), "server_error"),
    "503": (answer(status="503 Busy"), "server_error"),
    "429": (answer(status="429 Slow Down"), "throttled"),
    "cut": (lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser", CUT], "truncated"),
    "reset": (lambda _: [RESET], "reset"),
}


@pytest.mark.parametrize("manner", NOT_THERE.values(), ids=NOT_THERE.keys())
def test_a_robots_txt_that_is_not_there_forbids_nothing(shard: Shard, manner: Manner):
    with web_with(manner) as web:
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]


@pytest.mark.parametrize("manner", SAYS_NO.values(), ids=SAYS_NO.keys())
def test_where_robots_txt_says_no_no_picture_is_asked_for(shard: Shard, manner: Manner):
    with web_with(manner, **{"/other/robots.txt": answer(CLOSED)}) as web:
        (said,) = shard.outcomes(web.url("/a.jpg"))
    assert said.startswith("robots.txt: disallows ")
    assert not web.asked("/a.jpg")


@pytest.mark.parametrize(("manner", "reason"), BUSY.values(), ids=BUSY.keys())
def test_a_host_that_is_too_busy_for_robots_txt_is_asked_for_nothing_and_asked_again_next_time(
    shard: Shard, manner: Manner, reason: str
):
    with web_with(then(manner, answer(OPEN))) as web:
        first = shard.fetch(web.url("/a.jpg")).answers.row(0, named=True)
        assert (first["outcome"], first["passing"], first["attempts"]) == (reason, True, 0)
        assert first["detail"].startswith("robots.txt could not be had: ")
        assert not web.asked("/a.jpg")
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]


def test_a_host_without_an_address_fails_as_its_pictures_would(shard: Shard):
    (answered,) = shard.fetch("http://no-such-host.invalid/a.jpg").answers.iter_rows(named=True)
    assert (answered["outcome"], answered["passing"]) == ("dns", True)


def test_an_address_that_may_not_be_dialled_meets_its_own_end(shard: Shard):
    assert shard.fetch("http://10.0.0.1/a.jpg", "file:///etc/passwd").answers["outcome"].to_list() == [
        "blocked_address"
    ]


def test_tdmrep_json_reserves_what_it_names(shard: Shard):
    reserving = answer(json.dumps([{"location": "/a.jpg", "tdm-reservation": 1}]).encode())
    with web_with(tdmrep=reserving) as web:
        assert shard.outcomes(web.url("/a.jpg"), web.url("/b.jpg")) == ["tdmrep.json: reserves /a.jpg", "ok"]
    assert not web.asked("/a.jpg")


def test_a_tdmrep_json_that_fails_says_nothing(shard: Shard):
    with web_with(tdmrep=answer(status="500 Oops")) as web:
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]


def test_a_host_is_asked_once_for_any_number_of_pictures_and_before_them(shard: Shard):
    with web_with(answer(OPEN)) as web:
        shard.fetch(*(web.url(f"/a.jpg?{n}") for n in range(300)))
    asked = paths(web)
    assert set(asked[:2]) == {ROBOTS, TDMREP}
    assert Counter(asked)[ROBOTS] == Counter(asked)[TDMREP] == 1
    assert len(asked) == 302


def test_a_host_is_asked_once_a_day_for_all_shards(shard: Shard):
    with web_with(answer(OPEN)) as web:
        for number in range(3):
            shard.fetch(web.url(f"/a.jpg?{number}"), shard=f"s-0000{number}")
    assert Counter(paths(web))[ROBOTS] == Counter(paths(web))[TDMREP] == 1
    assert len(shard.lake.tables.files(HOST_FILES.name)) == 1


def test_each_origin_answers_for_itself(shard: Shard):
    with web_with(answer(CLOSED)) as closed, web_with(answer(OPEN)) as opened:
        said = shard.outcomes(closed.url("/a.jpg"), opened.url("/a.jpg"))
    assert said == ["robots.txt: disallows GPTBot", "ok"]


def test_an_answer_holds_for_a_day_and_is_asked_for_again_after_it(shard: Shard):
    with web_with(then(answer(OPEN), answer(CLOSED))) as web:
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]
        shard.turn_back_the_clock(timedelta(hours=23))
        assert shard.outcomes(web.url("/b.jpg")) == ["ok"]
        assert Counter(paths(web))[ROBOTS] == 1
        shard.turn_back_the_clock(timedelta(hours=2))
        assert shard.outcomes(web.url("/b.jpg?2")) == ["robots.txt: disallows GPTBot"]
        assert Counter(paths(web))[ROBOTS] == 2


def test_what_is_known_already_asks_nobody_for_consent(shard: Shard):
    with web_with(answer(OPEN)) as web:
        shard.fetch(web.url("/a.jpg"))
        shard.turn_back_the_clock(timedelta(days=30))
        before = len(web.requests)
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]
        assert len(web.requests) == before


def test_a_policy_that_asks_no_files_asks_for_none(shard: Shard):
    deaf = shard.with_policy(robots_txt=False, tdm_reservation=False)
    with web_with(answer(CLOSED)) as web:
        assert deaf.outcomes(web.url("/a.jpg")) == ["ok"]
    assert paths(web) == ["/a.jpg"]


def test_nothing_of_a_refused_body_is_stored(shard: Shard):
    secret = answer(b"not for you", headers={"X-Robots-Tag": "noai"})
    with web_with(answer(OPEN), **{"/secret.jpg": secret}) as web:
        shard.fetch(web.url("/secret.jpg"), web.url("/a.jpg"))
    assert shard.stored() == {b"\xff\xd8a picture", OPEN}


def test_the_evidence_stays_in_the_journal_and_the_store(shard: Shard):
    with web_with(answer(CLOSED)) as web:
        (row,) = shard.fetch(web.url("/a.jpg")).answers.iter_rows(named=True)
    said = json.loads(row["consent"])["robots.txt"]
    assert said["verdict"] == "disallows GPTBot"
    assert shard.lake.blobs.get(said["sha256"]) == CLOSED
    asked = shard.lake.tables.scan(HOST_FILES.name, HOST_FILES.schema).filter(pl.col("url").str.ends_with(ROBOTS))
    (file,) = asked.collect().iter_rows(named=True)
    assert said["read"] == f"{file['fetched_at']:%Y-%m-%dT%H:%M:%SZ}"
    assert row["fetched_at"] >= file["fetched_at"]


def test_of_a_large_file_only_the_beginning_is_kept(shard: Shard):
    with web_with(answer(CLOSED + BEYOND * 10_000)) as web:
        shard.fetch(web.url("/a.jpg"))
    (kept,) = shard.stored()
    assert len(kept) == 500 * 1024


def test_what_was_refused_is_asked_again_once_the_policy_allows_it_and_not_before(shard: Shard):
    noai = answer(b"\xff\xd8a picture", headers={"X-Robots-Tag": "noai"})
    with web_with(answer(CLOSED), **{"/noai.jpg": noai}) as web:
        urls = web.url("/a.jpg"), web.url("/noai.jpg")
        shard.fetch(*urls)
        shard.fetch(*urls)
        assert paths(web) == [path for path in paths(web) if path in (ROBOTS, TDMREP)]
        assert shard.with_policy(agents=[]).outcomes(*urls) == ["ok", "X-Robots-Tag: noai"]
        assert shard.with_policy(agents=[], x_robots_tag=False).outcomes(*urls) == ["ok", "ok"]


def test_a_header_that_the_policy_hears_from_now_on_refuses_without_a_request(shard: Shard):
    deaf = shard.with_policy(x_robots_tag=False)
    noai = answer(b"\xff\xd8a picture", headers={"X-Robots-Tag": "noai"})
    with web_with(**{"/noai.jpg": noai}) as web:
        assert deaf.outcomes(web.url("/noai.jpg")) == ["ok"]
        before = len(web.requests)
        (row,) = shard.fetch(web.url("/noai.jpg")).answers.iter_rows(named=True)
        assert (row["outcome"], row["detail"], row["sha256"]) == ("opted_out", "X-Robots-Tag: noai", None)
        assert deaf.outcomes(web.url("/noai.jpg")) == ["ok"], "the journal forgot what it had"
        assert len(web.requests) == before


def test_the_ui_is_told_how_many_were_refused_and_by_what(shard: Shard):
    noai = answer(b"\xff\xd8a picture", headers={"X-Robots-Tag": "noai"})
    with web_with(answer(b"User-agent: *\nDisallow: /private"), **{"/noai.jpg": noai}) as web:
        result = shard.fetch(*(web.url(path) for path in ("/private/1", "/private/2", "/noai.jpg", "/a.jpg")))
    assert counts(result) == {"fetched": 1, "already_in_blob_store": 0, "failed": 3, "refused": 3}
    assert refused_by(result.answers.filter(pl.col("outcome").is_in(list(REFUSALS)))) == {
        "robots.txt": 2,
        "X-Robots-Tag": 1,
    }


def test_a_run_that_starts_over_asks_nobody_twice(shard: Shard, monkeypatch: pytest.MonkeyPatch):
    """The machine dies after the hosts were asked, before any picture."""

    def dies(*_: object, **__: object) -> Iterable[Any]:
        raise KeyboardInterrupt

    with web_with(answer(OPEN)) as web, monkeypatch.context() as patch:
        patch.setattr("imgtext_assets.defs.consent.HostConsent.fetch", dies)
        with pytest.raises(KeyboardInterrupt):
            shard.fetch(web.url("/a.jpg"))
        patch.undo()
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]
    assert Counter(paths(web)) == {ROBOTS: 1, TDMREP: 1, "/a.jpg": 1}


def test_a_file_that_was_lost_from_the_store_is_asked_for_again(shard: Shard):
    with web_with(answer(OPEN)) as web:
        shard.fetch(web.url("/a.jpg"))
        digest = hashlib.sha256(OPEN).hexdigest()
        next((shard.folder / "blobs").rglob(digest)).unlink()
        assert shard.outcomes(web.url("/b.jpg")) == ["ok"]
    assert Counter(paths(web))[ROBOTS] == 2


@contextmanager
def two_origins(closed: Mapping[str, Manner]) -> Iterator[tuple[HostileWeb, HostileWeb]]:
    with HostileWeb(closed) as far:
        manners = {"/hop.jpg": redirect(far.url("/secret.jpg")), "/a.jpg": PICTURE}
        with HostileWeb(manners) as near:
            yield near, far


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({ROBOTS: answer(CLOSED)}, "robots.txt: disallows GPTBot"),
        ({TDMREP: answer(b'[{"location": "/", "tdm-reservation": 1}]')}, "tdmrep.json: reserves /"),
        ({ROBOTS: answer(status="503 Busy")}, "robots.txt could not be had: HTTP 503"),
    ],
)
def test_a_redirect_to_a_host_that_refuses_is_not_followed(shard: Shard, files: Mapping[str, Manner], said: str):
    with two_origins({**files, "/secret.jpg": PICTURE}) as (near, far):
        (came,) = shard.outcomes(near.url("/hop.jpg"))
        assert came == f"{said} (redirects to {far.url('/secret.jpg')})"
        assert sorted(paths(far)) == sorted([ROBOTS, TDMREP])


def test_a_redirect_to_a_host_that_allows_it_is_followed_and_the_host_asked_once(shard: Shard):
    with two_origins({ROBOTS: answer(OPEN), "/secret.jpg": PICTURE}) as (near, far):
        urls = [near.url(f"/hop.jpg?{n}") for n in range(5)]
        assert shard.outcomes(*urls) == ["ok"] * 5
        assert Counter(paths(far)) == {ROBOTS: 1, TDMREP: 1, "/secret.jpg": 5}
        (row, *_) = shard.fetch(*urls).answers.iter_rows(named=True)
        assert row["final_url"] == far.url("/secret.jpg")


def test_a_redirect_to_ever_new_hosts_comes_to_an_end(shard: Shard):
    with HostileWeb({}) as web:
        port = web.url("").rpartition(":")[2].strip("/")

        def on(seen: Seen) -> Iterable[Words]:
            return redirect(f"http://127.0.{secrets.randbelow(250)}.{secrets.randbelow(250) + 1}:{port}/hop.jpg")(seen)

        web.manners = {"/hop.jpg": on}
        quick = replace(shard, catalog=shard.catalog.model_copy(update={"fetch": loopback(max_redirects=2)}))
        (row,) = quick.fetch(web.url("/hop.jpg")).answers.iter_rows(named=True)
    assert (row["outcome"], row["passing"]) == ("redirect_loop", False)


def test_robots_txt_may_redirect_where_pictures_may_not(shard: Shard):
    """RFC 9309 2.3.1.2: five redirects at least."""
    hops = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 5)}
    strict = replace(shard, catalog=shard.catalog.model_copy(update={"fetch": loopback(max_redirects=0)}))
    with web_with(redirect("/1"), **hops, **{"/5": answer(CLOSED)}) as web:
        assert strict.outcomes(web.url("/a.jpg")) == ["robots.txt: disallows GPTBot"]


def test_an_opt_out_list_names_where_a_redirect_leads(shard: Shard):
    with two_origins({"/secret.jpg": PICTURE}) as (near, far):
        listed = shard.with_opt_outs(far.url("/secret.jpg"))
        (said,) = listed.outcomes(near.url("/hop.jpg"))
        assert said.startswith("opt-out list: ")
        assert not far.asked("/secret.jpg")


def test_what_a_list_refused_is_asked_for_again_once_it_is_off_the_list_and_not_before(shard: Shard):
    with two_origins({"/secret.jpg": PICTURE}) as (near, far):
        listed = shard.with_opt_outs(far.url("/secret.jpg"), near.url("/a.jpg"))
        urls = near.url("/hop.jpg"), near.url("/a.jpg")
        for _ in range(2):
            assert {said.partition(":")[0] for said in listed.outcomes(*urls)} == {"opt-out list"}
        assert len(near.asked("/hop.jpg")) == 1
        assert shard.with_opt_outs("other.example").outcomes(*urls) == ["ok", "ok"]


def test_what_was_had_is_refused_without_a_request_once_a_list_names_where_it_came_from(shard: Shard):
    with two_origins({"/secret.jpg": PICTURE}) as (near, far):
        urls = near.url("/hop.jpg"), near.url("/a.jpg")
        assert shard.outcomes(*urls) == ["ok", "ok"]
        before = len(near.requests) + len(far.requests)
        said, fine = shard.with_opt_outs(far.url("/secret.jpg")).outcomes(*urls)
        assert (said.partition(":")[0], fine) == ("opt-out list", "ok")
        assert shard.outcomes(*urls) == ["ok", "ok"], "the journal forgot what it had"
        assert len(near.requests) + len(far.requests) == before


def test_what_was_had_is_judged_by_the_robots_txt_of_then_under_the_policy_of_now(shard: Shard):
    with web_with(answer(CLOSED)) as web:
        lax = shard.with_policy(agents=[])
        assert lax.outcomes(web.url("/a.jpg")) == ["ok"]
        shard.turn_back_the_clock(timedelta(days=30))
        before = len(web.requests)
        assert shard.outcomes(web.url("/a.jpg")) == ["robots.txt: disallows GPTBot"]
        assert lax.outcomes(web.url("/a.jpg")) == ["ok"], "the journal forgot what it had"
        assert len(web.requests) == before


@pytest.mark.parametrize("lost", [False, True])
def test_where_no_robots_txt_is_had_of_then_the_host_is_asked_for_it_and_for_no_picture(shard: Shard, lost: bool):
    deaf = shard.with_policy(agents=[]) if lost else shard.with_policy(robots_txt=False)
    with web_with(answer(CLOSED)) as web:
        assert deaf.outcomes(web.url("/a.jpg")) == ["ok"]
        shard.turn_back_the_clock(timedelta(days=30))
        if lost:
            next((shard.folder / "blobs").rglob(hashlib.sha256(CLOSED).hexdigest())).unlink()
        assert shard.outcomes(web.url("/a.jpg")) == ["robots.txt: disallows GPTBot"]
        assert len(web.asked("/a.jpg")) == 1


def test_a_host_that_cannot_be_asked_now_takes_back_nothing_that_was_had(shard: Shard):
    with web_with(answer(status="503 Busy")) as web:
        assert shard.with_policy(robots_txt=False).outcomes(web.url("/a.jpg")) == ["ok"]
        assert shard.outcomes(web.url("/a.jpg")) == ["ok"]


def test_a_picture_whose_preview_was_refused_is_refused_like_it_and_not_asked_for(shard: Shard):
    noai = answer(b"\xff\xd8small", headers={"X-Robots-Tag": "noai"})
    with web_with(**{"/small.jpg": noai}) as web:
        previews = [web.url("/small.jpg"), None]
        rows = pl.DataFrame({"url": [web.url("/a.jpg"), web.url("/b.jpg")], "preview_url": previews})
        rows = rows.with_columns(url_key=url_key(pl.col("url")))
        shard.fetcher().fetch(rows, "previews fetched", "preview_url", "preview_url")
        answers = shard.fetcher().fetch(rows, "pictures fetched").answers.sort("url")
        assert answers.schema == FETCHES.schema
        assert answers.select("url", "outcome", "detail").rows() == [
            (web.url("/a.jpg"), "opted_out", "X-Robots-Tag: noai"),
            (web.url("/b.jpg"), "ok", None),
        ]
        assert not web.asked("/a.jpg")


def test_asked_again_on_demand_a_refusal_holds_as_before(shard: Shard):
    """Of a preview, which refuses its picture too; and of a robots.txt that the policy hears only now."""
    noai = answer(b"\xff\xd8small", headers={"X-Robots-Tag": "noai"})
    with web_with(answer(CLOSED), **{"/small.jpg": noai}) as web:
        deaf = shard.with_policy(agents=[])
        rows = pl.DataFrame({"url": [web.url("/a.jpg")], "preview_url": [web.url("/small.jpg")]})
        rows = rows.with_columns(url_key=url_key(pl.col("url")))
        deaf.fetcher().fetch(rows, "previews fetched", "preview_url", "preview_url")
        again = replace(deaf.fetcher(), retry_final=True).fetch(rows, "pictures fetched")
        assert again.answers["outcome"].to_list() == ["opted_out"]
        assert deaf.outcomes(web.url("/b.jpg")) == ["ok"]
        had = rows.select(url=pl.lit(web.url("/b.jpg"))).with_columns(url_key=url_key(pl.col("url")))
        again = replace(shard.fetcher(), retry_final=True).fetch(had, "pictures fetched")
        assert again.answers["outcome"].to_list() == ["robots_disallowed"]
        assert not web.asked("/a.jpg")
        assert len(web.asked("/b.jpg")) == 1


def test_a_host_that_wants_quiet_is_not_asked_by_the_next_shard_either(shard: Shard):
    busy = answer(status="429 Slow Down", headers={"Retry-After": "3600"})
    with HostileWeb({"127.1.9.1/a.jpg": busy, "127.1.9.1/b.jpg": PICTURE}, hosts=("127.1.9.1",)) as web:
        calm = shard.with_policy(robots_txt=False, tdm_reservation=False)
        calm.fetch(web.url("/a.jpg", host="127.1.9.1"))
        (row,) = calm.fetch(web.url("/b.jpg", host="127.1.9.1"), shard="s-00001").answers.iter_rows(named=True)
        assert (row["outcome"], row["attempts"]) == ("throttled", 0)
        assert row["not_before"] > row["fetched_at"]
        assert not web.asked("/b.jpg")


def fingerprinted(shard: Shard, *pairs: tuple[str, str]) -> pl.DataFrame:
    """`fingerprints` of pictures and their previews."""
    rows = pl.LazyFrame(pairs, schema=["url", "preview_url"], orient="row")
    rows = rows.with_columns(id="url", source=pl.lit("s"), shard=pl.lit(SHARD), url_key=url_key(pl.col("url")))
    here: Any = SimpleNamespace(map=lambda function, items: map(function, items))
    made: Any = fingerprints(
        dg.build_asset_context(partition_key=SHARD),
        LICENSE_FILTERED.conform(rows),
        catalog=shard.catalog,
        lake=shard.lake,
        engine=here,
        progress=LogProgress(),
    )
    return made.value


def test_a_preview_that_is_no_picture_leads_to_the_picture_and_one_that_refuses_does_not(shard: Shard):
    large, small = answer(encode(photograph())), answer(encode(photograph().resize((300, 300))))
    manners = {
        **{f"/{n}.jpg": large for n in range(3)},
        "/0s.jpg": small,
        "/1s.jpg": answer(b"<html>"),
        "/2s.jpg": answer(b"\xff\xd8small", headers={"X-Robots-Tag": "noai"}),
    }
    with web_with(**manners) as web:
        made = fingerprinted(shard, *((web.url(f"/{n}.jpg"), web.url(f"/{n}s.jpg")) for n in range(3)))
        assert made["fingerprint_of"].to_list() == ["preview", "original", None]
        assert not web.asked("/0.jpg")
        assert not web.asked("/2.jpg")


def test_a_recheck_follows_no_redirect_to_a_host_that_refuses(shard: Shard):
    with two_origins({ROBOTS: answer(CLOSED), "/secret.jpg": PICTURE}) as (near, far):
        seen = rechecked(shard, near.url("/hop.jpg"))
        assert seen.select("state", "detail").rows() == [
            ("opted_out", f"robots.txt: disallows GPTBot (redirects to {far.url('/secret.jpg')})")
        ]
        assert not far.asked("/secret.jpg")


def rechecked(shard: Shard, *urls: str) -> pl.DataFrame:
    had = pl.LazyFrame({"id": urls, "url": urls, "sha256": hashlib.sha256(b"\xff\xd8a picture").hexdigest()})
    link_checks(
        dg.build_asset_context(partition_key=SHARD),
        Recheck(),
        VERIFIED.conform(had.with_columns(source=pl.lit("s"), shard=pl.lit(SHARD))),
        catalog=shard.catalog,
        lake=shard.lake,
        engine=engine_with(1, 2**30, 10.0),
        progress=LogProgress(),
    )
    return shard.lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [SHARD]).collect().sort("url")


def test_a_recheck_judges_consent_again(shard: Shard):
    """One link is refused by robots.txt by now, one by its header, one is as it was."""
    noai = answer(b"\xff\xd8a picture", headers={"X-Robots-Tag": "noai"})
    closed = b"User-agent: CCBot\nDisallow: /closed/"
    manners = {"/noai.jpg": then(PICTURE, noai), "/closed/c.jpg": PICTURE}
    with web_with(then(answer(OPEN), answer(closed)), **manners) as web:
        urls = [web.url(path) for path in ("/a.jpg", "/noai.jpg", "/closed/c.jpg")]
        shard.fetch(*urls)
        shard.turn_back_the_clock(timedelta(days=30))
        seen = rechecked(shard, *urls)
    assert dict(seen.select("url", "state").iter_rows()) == dict(
        zip(urls, ["alive", "opted_out", "opted_out"], strict=True)
    )
    assert dict(seen.filter(state="opted_out").select("url", "detail").iter_rows()) == {
        urls[1]: "X-Robots-Tag: noai",
        urls[2]: "robots.txt: disallows CCBot",
    }
    assert all("robots.txt" in said for said in seen["consent"])
    assert len(web.asked("/closed/c.jpg")) == 1, "asked again, though it is refused by now"
    assert len(web.asked(ROBOTS)) == 2
