"""img2dataset as a user would run it, in an environment of its own.

What belongs here: its installation, its modes, and whether it did its work. What does not: measuring it (`fetch`).
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

VERSION = "1.47.0"
# img2dataset's modes. `skip_reencode` decodes each picture and keeps its bytes as they were; `disable_all_reencoding`
# does not look at them at all (resizer.py of 1.47: it returns before `imdecode`), but reads EXIF unless told not to.
MODES: dict[str, dict[str, object]] = {
    "img2dataset, no decode, MD5": {"disable_all_reencoding": True, "compute_hash": "md5"},
    "img2dataset, no decode, MD5, no EXIF": {
        "disable_all_reencoding": True,
        "compute_hash": "md5",
        "extract_exif": False,
    },
    "img2dataset, skip_reencode": {"skip_reencode": True, "resize_mode": "no", "compute_hash": "md5"},
}
ENVIRONMENT = {"NO_ALBUMENTATIONS_UPDATE": "1"}  # else it asks PyPI for a newer version at each start


def install(folder: Path) -> Path:
    """Its program, in a virtual environment that is made in `folder`. Raises CalledProcessError without a network."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    # albumentations imports pkg_resources, which setuptools 81 dropped.
    wanted = [f"img2dataset=={VERSION}", "setuptools<81"]
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *wanted], check=True)
    return folder / "bin" / "img2dataset"


def command(program: Path, urls: list[str], mode: str, folder: Path, cores: int) -> list[str]:
    """The command that keeps these addresses' pictures in tar files below `folder`, as many processes as cores."""
    folder.mkdir(parents=True)
    (folder / "urls.txt").write_text("\n".join(urls))
    options: Mapping[str, object] = {
        "url_list": folder / "urls.txt",
        "input_format": "txt",
        "output_format": "webdataset",
        "output_folder": folder / "out",
        "thread_count": 64,
        "processes_count": cores,
        "number_sample_per_shard": min(10_000, math.ceil(len(urls) / cores)),
        **MODES[mode],
    }
    return [str(program), *(f"--{name}={value}" for name, value in options.items())]


def kept(folder: Path) -> int:
    """How many pictures it says it has kept."""
    return sum(json.loads(file.read_text())["successes"] for file in (folder / "out").glob("*_stats.json"))
