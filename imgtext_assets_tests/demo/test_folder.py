"""The sample as files, its links after some time, and the command that serves it."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.demo import DemoWeb, Page, Sample, decay, decayed_states, load_pages, write_sample

BASE = "http://127.0.0.1:8377"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sample]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_sample(folder, BASE)


def test_what_is_written_is_read_back(written: tuple[Path, Sample]) -> None:
    folder, sample = written
    pages = load_pages(folder)
    assert pages.keys() == sample.pages.keys()
    for path, page in pages.items():
        assert page.content() == sample.pages[path].content()
        assert Page(**{**vars(page), "body": b""}) == Page(**{**vars(sample.pages[path]), "body": b""})
    for name, frame in sample.metadata.items():
        assert pl.read_parquet(folder / name).equals(frame)
    for name, text in sample.texts.items():
        assert (folder / name).read_bytes() == text
    assert pl.read_parquet(folder / "expected.parquet").equals(sample.expected)


def test_writing_again_touches_nothing(written: tuple[Path, Sample]) -> None:
    folder, _ = written
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    write_sample(folder, BASE)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_a_damaged_file_is_mended(written: tuple[Path, Sample]) -> None:
    folder, sample = written
    name, frame = next(iter(sample.metadata.items()))
    (folder / name).write_bytes(b"half")
    write_sample(folder, BASE)
    assert pl.read_parquet(folder / name).equals(frame)


def test_a_folder_without_a_sample_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"pages\.json"):
        load_pages(tmp_path)


def test_links_rot_in_every_way_and_in_every_source(written: tuple[Path, Sample]) -> None:
    folder, sample = written
    pages = load_pages(folder)
    later, states = decay(pages), decayed_states(pages)
    assert set(states.values()) == {
        "gone", "placeholder", "changed", "replaced", "moved", "unreachable", "blocked", "opted_out"
    }  # fmt: skip
    assert len(states) == 9
    ended = sample.expected.filter(pl.col("url").is_in([BASE + path for path in states]))
    assert set(ended["case"]) == {"ordinary"}
    assert set(ended["source"]) == set(sample.expected["source"])
    changed = {path for path in pages if later.get(path) != pages[path]}
    assert changed == set(states)


def test_rotten_pages_answer_as_their_state_says(written: tuple[Path, Sample]) -> None:
    pages = load_pages(written[0])
    later = decay(pages)
    for path, state in decayed_states(pages).items():
        page = later.get(path, Page(status=404))
        if state in ("changed", "replaced"):
            assert page.content() != pages[path].content()
        elif state == "moved":
            assert page.redirect is not None
            assert later[page.redirect] == pages[path]
        elif state == "opted_out":
            assert page.headers == {"X-Robots-Tag": "noai"}
        elif state == "gone":
            assert page.status in (404, 410)
        elif state == "placeholder":
            assert page.redirect == "/photo_unavailable.png"
        else:
            assert page.status == {"unreachable": 503, "blocked": 403}[state]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def served(tmp_path: Path, free_port: int) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    command = [sys.executable, "-m", "imgtext_assets.demo.serve", "--folder", str(tmp_path), "--port", str(free_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process, tmp_path, free_port
        process.kill()


def test_the_command_writes_and_serves_until_stopped(served: tuple[subprocess.Popen[str], Path, int]) -> None:
    process, folder, port = served
    assert process.stdout is not None
    assert f"http://127.0.0.1:{port}" in process.stdout.readline()
    url = pl.read_parquet(folder / "metadata/megalith/megalith.000.parquet")["url_highres"][0]
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with DemoWeb({}) as web:
        port = web.base_url.rpartition(":")[2]
        command = [sys.executable, "-m", "imgtext_assets.demo.serve", "--folder", str(tmp_path), "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"port {port} of 127.0.0.1 cannot be used")
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []
