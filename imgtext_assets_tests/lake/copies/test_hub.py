"""A release on the Hugging Face hub: one commit and one tag a version, and back again, with the hub's own client."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from imgtext_assets.lake import LakeError
from imgtext_assets.lake.copies import StoreFiles, fetch_release, push_to_hub, push_to_store, release_files
from imgtext_assets_tests.lake.copies.made import contents, made_release
from imgtext_assets_tests.lake.copies.stand_in_hub import TOKEN, StandInHub

REPO = "org/set"
# The hub's client passes files to its HTTP client in a way that the latter will not take for ever.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    """A hub that takes large files by Git LFS."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with StandInHub() as hub:
        _at(hub, monkeypatch)
        yield hub


def _at(hub: StandInHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return made_release(tmp_path / "made")


def push(root: Path) -> str:
    return push_to_hub(StoreFiles(str(root)), REPO)


def test_a_version_is_one_commit_and_one_tag(hub: StandInHub, release: Path) -> None:
    told: list[int] = []
    url = push_to_hub(StoreFiles(str(release)), REPO, report=told.append)
    assert url == "hf://datasets/org/set@2026.11.0"
    repo = hub.repos[REPO]
    assert repo.messages == ["initial commit", "Release 2026.11.0"]
    assert repo.tags == {"2026.11.0": repo.head}
    assert hub.files(REPO) == contents(release) | {".gitattributes": hub.files(REPO)[".gitattributes"]}
    assert sum(told) == sum(map(len, contents(release).values()))
    assert not repo.private


def test_a_repository_may_be_private(hub: StandInHub, release: Path) -> None:
    push_to_hub(StoreFiles(str(release)), REPO, private=True)
    assert hub.repos[REPO].private


def test_a_release_comes_back_as_it_went(hub: StandInHub, release: Path, tmp_path: Path) -> None:
    push(release)
    push(made_release(tmp_path / "made", "2026.12.0", seed=1, big=9))
    fetch_release(release_files("hf://datasets/org/set", "2026.11.0"), tmp_path / "old")
    assert contents(tmp_path / "old") == contents(release)
    fetch_release(release_files("hf://datasets/org/set"), tmp_path / "new")
    assert contents(tmp_path / "new") == contents(release.with_name("2026.12.0"))


def test_a_lake_on_s3_is_pushed_too(hub: StandInHub, release: Path, s3_root: str) -> None:
    push_to_hub(release_files(push_to_store(StoreFiles(str(release)), s3_root)), REPO)
    assert contents(release).items() <= hub.files(REPO).items()


def test_what_the_new_version_has_not_is_gone_and_what_is_not_ours_stays(
    hub: StandInHub, release: Path, tmp_path: Path
) -> None:
    push(release)
    repo = hub.repos[REPO]
    repo.add(repo.commits[repo.head] | {"notes.md": b"by hand"}, "notes")
    second = made_release(tmp_path / "made", "2026.12.0", seed=1, big=9, name="other")
    push(second)
    assert set(hub.files(REPO)) == contents(second).keys() | {".gitattributes", "notes.md"}
    assert "metadata/set.000.parquet" in hub.files(REPO, "2026.11.0")


def test_a_push_that_is_repeated_sends_nothing(hub: StandInHub, release: Path) -> None:
    push(release)
    hub.log.clear()
    assert push(release) == "hf://datasets/org/set@2026.11.0"
    assert [line for line in hub.log if not line.startswith("GET") and "repos/create" not in line] == []


def test_a_push_that_broke_off_sends_no_large_file_twice(hub: StandInHub, release: Path) -> None:
    hub.fail["/commit/"] = 400
    with pytest.raises(LakeError, match="the hub answers 400"):
        push(release)
    assert hub.repos[REPO].tags == {}
    hub.log.clear()
    push(release)
    assert [line for line in hub.log if line.startswith("PUT")] == []
    assert hub.repos[REPO].tags.keys() == {"2026.11.0"}


def test_a_commit_without_its_tag_gets_it(hub: StandInHub, release: Path) -> None:
    push(release)
    hub.repos[REPO].tags.clear()  # as if killed between the two
    push(release)
    assert hub.repos[REPO].messages == ["initial commit", "Release 2026.11.0"]
    assert hub.repos[REPO].tags == {"2026.11.0": hub.repos[REPO].head}


def test_a_version_is_never_changed(hub: StandInHub, release: Path, tmp_path: Path) -> None:
    push(release)
    other = made_release(tmp_path / "other", seed=1)
    with pytest.raises(LakeError, match=r"@2026\.11\.0: has another .*, and a release is never changed"):
        push(other)
    assert contents(release).items() <= hub.files(REPO).items()


def test_versions_are_pushed_in_their_order(hub: StandInHub, release: Path, tmp_path: Path) -> None:
    push(release)
    with pytest.raises(LakeError, match=r"has the newer release 2026\.11\.0"):
        push(made_release(tmp_path / "made", "2026.9.0", seed=1, big=9))
    assert hub.repos[REPO].tags.keys() == {"2026.11.0"}


def test_what_somebody_else_commits_meanwhile_is_not_written_over(
    hub: StandInHub, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interfere(count: int) -> None:
        repo = hub.repos[REPO]
        repo.add(repo.commits[repo.head] | {"notes.md": b"by hand"}, "notes")

    with pytest.raises(LakeError, match="the hub answers 412"):
        push_to_hub(StoreFiles(str(release)), REPO, report=interfere)
    assert hub.files(REPO)["notes.md"] == b"by hand"
    push(release)
    assert "notes.md" in hub.files(REPO)


def test_a_busy_hub_is_asked_again(hub: StandInHub, release: Path) -> None:
    hub.fail |= {"/preupload/": 503, "/store/": 500}
    push(release)
    assert contents(release).items() <= hub.files(REPO).items()


def test_a_release_that_is_damaged_is_not_spread(hub: StandInHub, release: Path) -> None:
    data = bytearray((release / "webdataset/00000.tar").read_bytes())
    data[-1] ^= 1
    (release / "webdataset/00000.tar").write_bytes(data)
    with pytest.raises(LakeError, match=r"00000\.tar: is damaged"):
        push(release)
    assert hub.repos[REPO].messages == ["initial commit"]


@pytest.mark.parametrize("token", ["hf_WrongTokenOfNobody", ""])
def test_a_token_that_may_not_is_said(
    hub: StandInHub, release: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(LakeError, match=r"access is refused; \$HF_TOKEN must hold a token that may do this"):
        push(release)


@pytest.mark.parametrize("status", [400, 500])
def test_the_token_is_sent_and_never_told(
    hub: StandInHub,
    release: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:
    """Not even where the hub itself repeats it in an error."""
    caplog.set_level(logging.DEBUG)
    push(release)
    hub.fail["/refs"] = status
    with pytest.raises(LakeError) as told:
        push(release)
    printed = capfd.readouterr()
    assert f"Bearer {TOKEN}" in hub.tokens
    assert TOKEN not in str(told.value) + printed.out + printed.err + caplog.text
    assert told.value.__cause__ is None


def test_a_dataset_that_is_not_there_is_one_line(hub: StandInHub) -> None:
    with pytest.raises(LakeError, match=r"hf://datasets/no/set@main: not found"):
        release_files("hf://datasets/no/set")


def test_large_files_go_by_xet_where_the_client_has_it(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library of the client chunks and stores them; the commit then names each by its SHA-256."""
    store = tmp_path / "xet"
    store.mkdir()
    with StandInHub(xet=store) as hub:
        _at(hub, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
        push(release)
        tar = contents(release)["webdataset/00000.tar"]
        assert hub.repos[REPO].commits[hub.repos[REPO].head]["webdataset/00000.tar"] == hashlib.sha256(tar).hexdigest()
        assert hub.stored == {}
    assert sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) > len(tar)
