"""Consumers' clients that live in a virtual environment of their own, for what they need is not what we need.

Tests that run them have the marker `clients`; `make client-test` installs them.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "NO_ALBUMENTATIONS_UPDATE": "1",  # else it asks PyPI for a newer version at each start
    "NO_GCE_CHECK": "true",  # else TensorFlow Datasets looks for Google's cloud
}


def environment() -> Path:
    """Where the clients are: $IMGTEXT_CLIENTS_VENV, else `.venv-clients` beside the project's own."""
    venv = Path(os.environ.get("IMGTEXT_CLIENTS_VENV") or _REPOSITORY / ".venv-clients")
    if not (venv / "bin" / "img2dataset").exists():
        pytest.fail("the clients are not installed: `make client-test` does it; or deselect with -m 'not clients'")
    return venv


def run(program: str, *arguments: str | Path, hung_after: float | None = None) -> str:
    """The last line that a program of that environment prints. Fails with what it said where it fails.

    One that may hang once all is done is killed after `hung_after` seconds; the caller judges by what it wrote.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    started = subprocess.Popen(
        [environment() / "bin" / program, *arguments],
        env=variables | _QUIET,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = started.communicate(timeout=hung_after or 600)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)  # what it started too, which would keep its pipes open
        out, err = started.communicate()
        assert hung_after is not None, f"{program} does not end: {err[-6000:]}"
    else:
        assert started.returncode == 0, err[-6000:]
    return (out.splitlines() or [""])[-1]
