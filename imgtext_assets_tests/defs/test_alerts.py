"""Somebody is told of a run that failed; whatever becomes of the telling, nothing else fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import pytest

from imgtext_assets.catalog import AlertSettings
from imgtext_assets.defs.alerts import alert_of, post
from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.runs import RunResult, run_job
from imgtext_assets.defs.sensors import failed_run_sensor
from imgtext_assets_tests.defs.world import NoBars, World


class Receiver:
    """A server that keeps what is posted to it, and answers with a status."""

    def __init__(self, status: int = 204) -> None:
        self.alerts = alerts = list[Any]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                alerts.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Not to the terminal."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/s3cret"

    def __enter__(self) -> Receiver:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def world(built: World, tmp_path: Path) -> World:
    return built.branch(tmp_path)


def refused_release(world: World) -> RunResult:
    """What becomes of the monthly release while a stage has been run and its checks have not."""
    world.instance.report_runless_asset_event(dg.AssetMaterialization("verified", partition="pd12m-00001"))
    defs = build_defs(world.catalog, lake=world.project.lake, progress=NoBars())
    return run_job(defs, "release", world.instance)


def watch(world: World, run_id: str, webhook: str | None) -> None:
    """The sensor's look at a failed run."""
    catalog = world.catalog.model_copy(update={"alerts": AlertSettings(webhook=webhook)})
    run = world.instance.get_run_by_id(run_id)
    assert run is not None
    kind = dg.DagsterEventType.RUN_FAILURE
    (record,) = world.instance.get_records_for_run(run_id, of_type=kind).records
    event = record.event_log_entry.dagster_event
    assert event is not None
    context = dg.build_run_status_sensor_context(
        "failed_run_sensor", event, world.instance, run, resources={"catalog": catalog}
    )
    failed_run_sensor(context.for_run_failure())


def test_a_release_that_may_not_be_cut_is_a_failed_run_that_says_why_and_somebody_is_told(
    world: World, receiver: Receiver
) -> None:
    versions = world.project.lake.releases.versions()
    refused = refused_release(world)
    assert not refused.ok
    assert world.project.lake.releases.versions() == versions
    watch(world, refused.run_id, receiver.url)
    ((path, kind, alert),) = receiver.alerts
    assert (path, kind) == ("/hook/s3cret", "application/json")
    assert (alert["job"], alert["shard"], alert["run_id"]) == ("release", None, refused.run_id)
    assert alert["problem"] == refused.problem
    assert "every shard up to date; 1 are not, such as pd12m-00001" in alert["problem"]
    assert alert["problem"] in alert["text"]


def test_without_a_webhook_it_is_only_logged(world: World, receiver: Receiver) -> None:
    watch(world, refused_release(world).run_id, None)
    assert receiver.alerts == []


def test_a_webhook_that_is_down_fails_nothing_else(world: World) -> None:
    with Receiver() as gone:
        pass
    watch(world, refused_release(world).run_id, gone.url)


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://127.0.0.1:1/s3cret", "refused"), ("https://[s3cret", "Invalid"), ("http://a b/s3cret", "control")],
)
def test_what_goes_wrong_is_said_without_the_address(url: str, said: str) -> None:
    problem = post(url, {"text": "x"}) or ""
    assert said in problem
    assert "s3cret" not in problem


def test_a_server_that_refuses_is_said() -> None:
    with Receiver(500) as receiver:
        assert post(receiver.url, {"text": "x"}) == "HTTP Error 500: Internal Server Error"
        assert len(receiver.alerts) == 1


def test_what_the_internet_wrote_is_one_line_without_escapes() -> None:
    @dg.op
    def broken() -> None:
        raise ValueError("a\x1b[31m red\n\u202eline " + 5_000 * "x")

    @dg.job
    def failing() -> None:
        broken()

    with dg.DagsterInstance.ephemeral() as instance:
        result = failing.execute_in_process(instance=instance, raise_on_error=False)
        alert = alert_of(result.dagster_run, result.all_events)
    assert (alert["problem"] or "").startswith("broken: ")
    assert "a[31m red line xx" in (alert["problem"] or "")
    assert len(alert["problem"] or "") == 1_000
    assert alert["job"] == "failing"
