"""A stand-in for the Hugging Face hub: as much of its API as its client uses to push a dataset and read it back.

Git's side (repositories, commits, trees, tags) is kept in memory. Large files come by Git LFS's batch API, in one or in
several parts, or by Xet, whose store is a folder: the client's own library writes there (`local://`).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from base64 import b64decode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_StandInTokenOfNobody"
LARGE = (".parquet", ".tar")
PART = 6 * 2**20


@dataclass
class Repo:
    """`commits` has the files of each, by id, newest last: bytes, or the SHA-256 of what is stored elsewhere."""

    private: bool = False
    commits: dict[str, dict[str, bytes | str]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    def commit_of(self, revision: str) -> str | None:
        commit = self.tags.get(revision, self.head if revision == "main" else revision)
        return commit if commit in self.commits else None

    def add(self, files: dict[str, bytes | str], message: str) -> str:
        name = hashlib.sha1(f"{len(self.commits)} {message}".encode()).hexdigest()
        self.commits[name] = files
        self.messages.append(message)
        return name


class StandInHub:
    """`with StandInHub() as hub:`, then HF_ENDPOINT is `hub.url`. `log` has method and path of every request."""

    def __init__(self, xet: Path | None = None) -> None:
        self.repos: dict[str, Repo] = {}
        self.stored: dict[str, bytes] = {}
        self.parts: dict[tuple[str, int], bytes] = {}
        self.log: list[str] = []
        self.tokens: list[str | None] = []
        self.fail: dict[str, int] = {}
        """Part of a path -> status that the next request for it gets, once."""
        self.xet = xet
        self.url = ""

    def __enter__(self) -> StandInHub:
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """The files of a dataset at a revision, large ones as they were stored by LFS."""
        commit = self.repos[repo].commit_of(revision)
        assert commit
        tree = self.repos[repo].commits[commit]
        return {path: self.stored[held] if isinstance(held, str) else held for path, held in tree.items()}


class _Handler(BaseHTTPRequestHandler):
    hub: StandInHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None: ...

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        target = urlsplit(self.path)
        path = [unquote(part) for part in target.path.strip("/").split("/")]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.hub.log.append(f"{self.command} {target.path}")
        for part in [part for part in self.hub.fail if part in target.path]:
            self._send(
                self.hub.fail.pop(part), {"error": f"as the test wants; you sent {self.headers['authorization']}"}
            )
            return
        if path[0] == "store":
            self._store(path[1:], body)
            return
        self.hub.tokens.append(self.headers["authorization"])
        if self.command == "POST" and self.headers["authorization"] != f"Bearer {TOKEN}":
            self._send(401, {"error": "Invalid username or password."})
        elif path[:3] == ["api", "repos", "create"]:
            self._create(json.loads(body))
        elif path[:2] == ["api", "validate-yaml"]:
            self._send(200, {"errors": [], "warnings": []})
        else:
            name = "/".join(path[2:4] if path[0] == "api" else path[1:3]).removesuffix(".git")
            if (repo := self.hub.repos.get(name)) is None:
                self._send(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            elif path[0] == "api":
                self._api(name, repo, path[4:], body)
            elif path[3] == "resolve":
                self._file(repo, path[4], "/".join(path[5:]))
            else:  # /datasets/ORG/NAME.git/info/lfs/objects/batch
                self._batch(json.loads(body))

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repos:
            self._send(
                409, {"error": "You already created this dataset repo", "url": f"{self.hub.url}/datasets/{name}"}
            )
            return
        repo = self.hub.repos[name] = Repo(private=asked.get("visibility") == "private" or bool(asked.get("private")))
        repo.add({".gitattributes": b"*.parquet filter=lfs\n"}, "initial commit")
        self._send(200, {"url": f"{self.hub.url}/datasets/{name}"})

    def _api(self, name: str, repo: Repo, path: list[str], body: bytes) -> None:
        match path:
            case [] | ["revision", _]:
                commit = repo.commit_of(path[1] if path else "main")
                found = {"id": name, "sha": commit, "siblings": [], "private": repo.private}
                if commit:
                    self._send(200, found)
                else:
                    self._send(404, {"error": "?"}, {"X-Error-Code": "RevisionNotFound"})
            case ["refs"]:
                tags = [
                    {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit}
                    for tag, commit in repo.tags.items()
                ]
                main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head}
                self._send(200, {"branches": [main], "converts": [], "tags": tags})
            case ["preupload", _]:
                self._send(200, {"files": [self._mode(repo, file) for file in json.loads(body)["files"]]})
            case ["commit", "main"]:
                self._commit(name, repo, [json.loads(line) for line in body.splitlines()])
            case ["tag", revision]:
                repo.tags[json.loads(body)["tag"]] = repo.commit_of(revision) or ""
                self._send(200, {})
            case ["tree", revision, *folder]:
                self._tree(repo, revision, "/".join(folder))
            case ["paths-info", revision]:
                commit = repo.commit_of(revision)
                tree = repo.commits[commit] if commit else {}
                wanted = json.loads(body)["paths"]
                self._send(200, [self._entry(path, tree[path]) for path in wanted if path in tree])
            case ["xet-write-token", _] if self.hub.xet:
                token = {"X-Xet-Cas-Url": f"local://{self.hub.xet}", "X-Xet-Access-Token": "of the store"}
                until = str(int(time.time()) + 3600)
                said = {"casUrl": f"local://{self.hub.xet}", "exp": int(until), "accessToken": "of the store"}
                self._send(200, said, token | {"X-Xet-Token-Expiration": until})
            case _:
                self._send(404, {"error": f"no {'/'.join(path)}"}, {"X-Error-Code": "EntryNotFound"})

    def _mode(self, repo: Repo, file: dict[str, Any]) -> dict[str, Any]:
        held = repo.commits[repo.head].get(file["path"])
        oid = held if isinstance(held, str) or held is None else _git_hash(held)
        large = file["path"].endswith(LARGE) or file["size"] > 10 * 2**20
        mode = "lfs" if large else "regular"
        return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}

    def _batch(self, asked: dict[str, Any]) -> None:
        objects = []
        for entry in asked["objects"]:
            oid, size = entry["oid"], entry["size"]
            if oid not in self.hub.stored:
                upload: dict[str, Any] = {"href": f"{self.hub.url}/store/{oid}"}
                if size > PART:
                    count = -(-size // PART)
                    parts = {str(n + 1): f"{self.hub.url}/store/{oid}/{n + 1}" for n in range(count)}
                    upload["header"] = {"chunk_size": str(PART)} | parts
                entry = entry | {"actions": {"upload": upload}}
            objects.append(entry)
        self._send(200, {"transfer": "basic", "objects": objects})

    def _store(self, path: list[str], body: bytes) -> None:
        oid = path[0]
        if self.command == "PUT" and len(path) == 2:
            self.hub.parts[oid, int(path[1])] = body
            self._send(200, {}, {"ETag": f'"{hashlib.md5(body).hexdigest()}"'})
            return
        if self.command == "POST":  # all parts are there
            asked = json.loads(body)
            body = b"".join(self.hub.parts.pop((oid, part["partNumber"])) for part in asked["parts"])
        if hashlib.sha256(body).hexdigest() != oid:
            self._send(400, {"error": "these bytes have another SHA-256"})
            return
        self.hub.stored[oid] = body
        self._send(200, {})

    def _commit(self, name: str, repo: Repo, lines: list[dict[str, Any]]) -> None:
        files, header = dict(repo.commits[repo.head]), lines[0]["value"]
        if header.get("parentCommit") not in (None, repo.head):
            self._send(412, {"error": "A commit has happened since. Please refresh and try again."})
            return
        for line in lines[1:]:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = value["oid"]
                case "deletedFile":
                    del files[value["path"]]
        oid = repo.add(files, header["summary"])
        self._send(
            200, {"commitUrl": f"{self.hub.url}/datasets/{name}/commit/{oid}", "commitOid": oid, "success": True}
        )

    def _tree(self, repo: Repo, revision: str, folder: str) -> None:
        commit = repo.commit_of(revision)
        if commit is None:
            self._send(404, {"error": "?"}, {"X-Error-Code": "RevisionNotFound"})
            return
        below = f"{folder}/" if folder else ""
        tree = repo.commits[commit]
        recursive = "recursive=true" in self.path.lower()
        found = {path for path in tree if path.startswith(below) and (recursive or "/" not in path[len(below) :])}
        entries = [self._entry(path, tree[path]) for path in sorted(found)]
        folders = {path[len(below) :].partition("/")[0] for path in tree if path.startswith(below)}
        names = {path[len(below) :] for path in tree}
        entries += [
            {"type": "directory", "path": below + name, "oid": "e" * 40, "size": 0} for name in sorted(folders - names)
        ]
        self._send(200, entries)

    def _entry(self, path: str, held: bytes | str) -> dict[str, Any]:
        if isinstance(held, bytes):
            return {"type": "file", "path": path, "size": len(held), "oid": _git_hash(held)}
        size = len(self.hub.stored.get(held, b""))
        lfs = {"oid": held, "size": size, "pointerSize": 130}
        return {"type": "file", "path": path, "size": size, "oid": "d" * 40, "lfs": lfs}

    def _file(self, repo: Repo, revision: str, path: str) -> None:
        commit = repo.commit_of(revision)
        held = repo.commits[commit].get(path) if commit else None
        if held is None:
            self._send(404, {"error": "?"}, {"X-Error-Code": "EntryNotFound"})
            return
        body = self.hub.stored[held] if isinstance(held, str) else held
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        end = min(int(last) + 1 if last else len(body), len(body))
        part = {"Content-Range": f"bytes {first}-{end - 1}/{len(body)}", "X-Repo-Commit": commit or "", "ETag": '"x"'}
        self._send(206, body[int(first) : end], part)

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
