"""Sending a release to a dataset repository of the Hugging Face hub: one commit and one tag for each version.

Large files go up first, a batch at a time; the hub keeps them by their hash, so that a push that was killed sends none
twice. Then one commit makes the branch `main` the new release, whole, and a tag with the version's name keeps it for
good. `main` always is the newest release: versions are pushed in their order.

What belongs here: the hub's side of a push. What does not: errors and the token (`hub`), reading a release from
there (`files`).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgtext_assets.lake.copies.files import Files, HubFiles, manifest_of
from imgtext_assets.lake.copies.hub import api, hub_errors
from imgtext_assets.lake.copies.together import Report, quietly
from imgtext_assets.lake.stores import LakeError, LakeNotFoundError
from imgtext_assets.manifest import MANIFEST, ListedFile, Manifest

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

_BATCH_FILES, _BATCH_BYTES = 64, 4 * 2**30
_IN_MEMORY = 10 * 2**20
"""The hub takes files up to 10 MB into the commit itself, unless their kind makes them large ones
(https://huggingface.co/docs/hub/repositories-recommendations)."""


def push_to_hub(release: Files, repo: str, private: bool = False, report: Report = quietly) -> str:
    """Make a release the newest one of the dataset `ORG/NAME`, tagged with its version. Returns its address.

    The repository is made where there is none, `private` or for all. What the release before had and this one has not
    is removed by the same commit; files of the repository that no release listed stay. `report` is told of bytes.
    Raises LakeError where the hub refuses, where that version is there with other files, and where a newer one is.
    """
    manifest = manifest_of(release)
    where = f"hf://datasets/{repo}"
    with hub_errors(where):
        hub = api()
        hub.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        tags = {tag.name for tag in hub.list_repo_refs(repo, repo_type="dataset").tags}
        head = hub.repo_info(repo, repo_type="dataset", revision="main").sha
    if manifest.version in tags:
        if different := _different(hub, release, repo, manifest, manifest.version):
            raise LakeError(
                f"{where}@{manifest.version}: has another {different}, and a release is never changed; "
                "cut a new version"
            )
        report(manifest.total)
        return f"{where}@{manifest.version}"
    before = _release_at(repo, head)
    if before is not None and _order(before.version) > _order(manifest.version):
        raise LakeError(f"{where}: has the newer release {before.version}; versions are pushed in their order")
    with hub_errors(where):
        commit = _commit(hub, release, repo, manifest, before, head, report)
    if different := _different(hub, release, repo, manifest, commit):
        raise LakeError(f"{where}: {different} did not arrive as it was sent; run again")
    with hub_errors(where):
        hub.create_tag(repo, repo_type="dataset", tag=manifest.version, revision=commit)
    return f"{where}@{manifest.version}"


def _commit(
    hub: HfApi, release: Files, repo: str, manifest: Manifest, before: Manifest | None, head: Any, report: Report
) -> str:
    """Send all files and commit them at once, on top of `head` and nothing else; the commit's id."""
    from huggingface_hub import CommitOperationDelete

    gone = sorted(before.files.keys() - manifest.files.keys()) if before else []
    operations: list[Any] = [CommitOperationDelete(path) for path in gone]
    for batch in _batches(manifest):
        with tempfile.TemporaryDirectory(prefix="imgtext-") as folder, _no_bars():
            adds = [_addition(release, path, manifest.files[path], Path(folder)) for path in batch]
            hub.preupload_lfs_files(repo, adds, repo_type="dataset", revision="main", free_memory=True)
        operations += adds
        report(sum(manifest.files[path].bytes for path in batch))
    operations.append(_operation(MANIFEST, manifest.text, hashlib.sha256(manifest.text)))
    with _no_bars():
        done = hub.create_commit(
            repo,
            operations,
            repo_type="dataset",
            revision="main",
            parent_commit=head,  # what somebody else has pushed meanwhile is not lost without a word
            commit_message=f"Release {manifest.version}",
        )
    report(len(manifest.text))
    return done.oid


def _batches(manifest: Manifest) -> Iterator[list[str]]:
    """The files in runs of so many as are sent at once, and as a disk has room for where they come from S3."""
    batch: list[str] = []
    held = 0
    for path, listed in manifest.files.items():
        if batch and (len(batch) == _BATCH_FILES or held + listed.bytes > _BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(path)
        held += listed.bytes
    if batch:
        yield batch


def _addition(release: Files, path: str, listed: ListedFile, folder: Path) -> CommitOperationAdd:
    """One file for the commit, checked against the manifest: in memory, or where it is large in `folder`."""
    digest = hashlib.sha256()
    pieces = release.read(path, 0, listed.bytes) if listed.bytes else iter(())
    if listed.bytes <= _IN_MEMORY:
        content: bytes | Path = b"".join(pieces)
        digest.update(content)
    else:
        content = folder / path
        content.parent.mkdir(parents=True, exist_ok=True)
        with content.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
    if digest.hexdigest() != listed.sha256:
        raise LakeError(f"{release.where}/{path}: is damaged, for it is not what {MANIFEST} says")
    return _operation(path, content, digest)


def _operation(path: str, content: bytes | Path, digest: Any) -> CommitOperationAdd:
    from huggingface_hub import CommitOperationAdd

    operation = CommitOperationAdd(path, content)
    operation.upload_info.sha256 = digest.digest()  # else the client reads the file once more
    return operation


def _different(hub: HfApi, release: Files, repo: str, manifest: Manifest, revision: str) -> str | None:
    """A file that the hub has not, or not so, at a revision. It tells SHA-256s of large files, git's hash of others."""
    from huggingface_hub import RepoFile

    with hub_errors(f"hf://datasets/{repo}@{revision}"):
        tree = hub.list_repo_tree(repo, repo_type="dataset", revision=revision, recursive=True)
        there = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
    for path in [*manifest.files, MANIFEST]:
        entry = there.get(path)
        if entry is None:
            return path
        if path != MANIFEST and entry.lfs is not None:
            if entry.lfs.sha256 != manifest.files[path].sha256:
                return path
        elif entry.blob_id != _git_hash(_content(release, path, manifest)):
            return path
    return None


def _content(release: Files, path: str, manifest: Manifest) -> bytes:
    if path == MANIFEST:
        return manifest.text
    size = manifest.files[path].bytes
    return b"".join(release.read(path, 0, size)) if size else b""


def _git_hash(data: bytes) -> str:
    """The name that git gives a file (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _release_at(repo: str, commit: Any) -> Manifest | None:
    """The release that a commit has; None where it has none."""
    with suppress(LakeNotFoundError):
        return manifest_of(HubFiles(repo, commit))
    return None


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


@contextmanager
def _no_bars() -> Iterator[None]:
    """The client's own progress bars off for a while: whoever pushes has bars of their own."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    were_off = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            enable_progress_bars()
