"""A stand-in for the Hugging Face hub: the three calls that its client makes to list and open one dataset's files."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def stand_in_hub(repo: str, folder: str, files: dict[str, bytes]) -> Iterator[str]:
    """Serve a dataset `repo` with `files` in one `folder`; gives the address for HF_ENDPOINT."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == f"/api/datasets/{repo}":
                self._json({"id": repo, "sha": "c" * 40, "siblings": []})
            elif path == f"/api/datasets/{repo}/tree/main":
                self._json([{"type": "directory", "path": folder, "oid": "e" * 40, "size": 0}])
            elif path == f"/api/datasets/{repo}/tree/main/{folder}":
                self._json([_entry(f"{folder}/{name}", body) for name, body in files.items()])
            else:
                self._file(files.get(path.removeprefix(f"/datasets/{repo}/resolve/main/{folder}/")))

        def log_message(self, format: str, *args: object) -> None: ...

        def _json(self, content: object) -> None:
            self._send(200, json.dumps(content).encode(), "application/json")

        def _file(self, body: bytes | None) -> None:
            if body is None:
                self._send(404, b"", "text/plain")
                return
            first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            end = min(int(last) + 1 if last else len(body), len(body))
            self._send(206, body[int(first) : end], "application/octet-stream", f"bytes {first}-{end - 1}/{len(body)}")

        def _send(self, status: int, body: bytes, kind: str, part: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if part:
                self.send_header("Content-Range", part)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _entry(path: str, body: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(body), "oid": "d" * 40}
