"""What looking at pictures costs, against the least that anybody must do: ratios of CPU and of pictures a second.

    python -m benchmarks.verify [--pictures 400] [--img2dataset ENV/bin/python]

`inspect` (whole decode, damage, size, exact pHash, frames, rights) against Pillow's decode alone; `fingerprint` (both
hashes, damage) against imagehash on a whole decode, and against what img2dataset's `skip_reencode` does to a picture
(OpenCV's decode and an MD5) where a Python that has img2dataset is named. First in this process, on one core, all sides
in turn for each round, the median of the rounds' ratios; then through the engine on all cores, reading and checking
the blobs. The pictures are the photographs of scikit-image as JPEGs of 1024x768.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import imagehash
import skimage
import typer
from PIL import Image

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.engine import Failed, LocalEngine
from imgtext_assets.pictures import fingerprint, inspect
from imgtext_assets.pictures.rows import blob_fingerprint, blob_inspection

SIZE = (1024, 768)
MOST_BYTES = 200_000
SETTINGS = PictureSettings()
ROUNDS = 9
DECODE, HASHES, PEER = "Pillow's decode", "imagehash twice", "img2dataset's look, skip_reencode"
PAIRS = (
    ("inspect", DECODE),
    ("inspect, MD5 too", DECODE),
    ("fingerprint", DECODE),
    (HASHES, "fingerprint"),
    (PEER, "fingerprint"),
)

_IMG2DATASET = """
import io, hashlib, pathlib, sys, time
from img2dataset.resizer import Resizer
bodies = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[1]).iterdir())]
look = Resizer(256, "no", False, skip_reencode=True, encode_format="jpg")
for rounds in (1, 3):
    start = time.process_time()
    for _ in range(rounds):
        for body in bodies:
            assert look(io.BytesIO(body))[-1] is None
            hashlib.md5(body).hexdigest()
print((time.process_time() - start) / rounds / len(bodies))
"""


def corpus(folder: Path, pictures: int) -> list[Path]:
    """JPEGs of about 160 kB under their SHA-256, each once more with other trailing bytes until there are enough."""
    bodies = list(filter(None, map(_jpeg, sorted((Path(skimage.__file__).parent / "data").iterdir()))))
    paths = []
    for number in range(pictures):
        body = bodies[number % len(bodies)] + number.to_bytes(4)
        paths.append(folder / sha256(body).hexdigest())
        paths[-1].write_bytes(body)
    return paths


def _jpeg(path: Path) -> bytes | None:
    try:
        with Image.open(path) as picture:
            if min(picture.size) < 300 or picture.mode.startswith(("I", "F")):
                return None
            sized = picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    except OSError:
        return None
    for quality in (97, 95, 92, 90, 85, 80, 75):
        out = io.BytesIO()
        sized.save(out, "JPEG", quality=quality)
        if out.tell() < MOST_BYTES:
            break
    return out.getvalue()


def pillow_decode(data: bytes) -> None:
    """Pillow's decode alone."""
    Image.open(io.BytesIO(data)).load()


def imagehash_of_a_whole_decode(data: bytes) -> None:
    """Both hashes as imagehash makes them."""
    with Image.open(io.BytesIO(data)) as picture:
        imagehash.phash(picture)
        imagehash.phash(picture, hash_size=16)


def read_checked(folder: Path, name: str) -> bytes:
    """A blob, its bytes checked against its name."""
    data = (folder / name).read_bytes()
    if sha256(data).hexdigest() != name:
        raise ValueError(name)
    return data


def decoded_blob(name: str, folder: Path) -> None:
    """Pillow's decode of a blob."""
    pillow_decode(read_checked(folder, name))


def hashed_blob(name: str, folder: Path) -> None:
    """Both of imagehash's hashes of a blob."""
    imagehash_of_a_whole_decode(read_checked(folder, name))


def on_one_core(folder: Path, bodies: list[bytes], img2dataset: Path | None) -> dict[str, list[float]]:
    """CPU seconds a picture of each side, a value a round; the folder holds the bodies alone."""

    def cpu(look: Callable[[bytes], object]) -> float:
        start = time.process_time()
        for body in bodies:
            look(body)
        return (time.process_time() - start) / len(bodies)

    sides: dict[str, Callable[[], float]] = {
        DECODE: lambda: cpu(pillow_decode),
        "inspect": lambda: cpu(lambda data: inspect(data, SETTINGS)),
        "inspect, MD5 too": lambda: cpu(lambda data: inspect(data, SETTINGS)),
        HASHES: lambda: cpu(imagehash_of_a_whole_decode),
        "fingerprint": lambda: cpu(lambda data: fingerprint(data, SETTINGS)),
        "SHA-256": lambda: cpu(lambda data: sha256(data).digest()),
    }
    if img2dataset is not None:
        sides[PEER] = lambda: img2datasets_look(img2dataset, folder)
    return {name: values[1:] for name, values in _interleaved(sides).items()}


def img2datasets_look(python: Path, folder: Path) -> float:
    """CPU seconds a picture of img2dataset's own resizer, after a first pass. Raises CalledProcessError."""
    command = [python, "-c", _IMG2DATASET, folder]
    environment = os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def _interleaved(sides: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Each side in turn, round by round; the first round warms up."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(1 + ROUNDS):
        for name, side in sides.items():
            taken[name].append(side())
    return taken


def on_all_cores(folder: Path, names: list[str]) -> dict[str, list[float]]:
    """Seconds a picture of each side through the engine, a value a round."""
    read = partial(read_checked, folder)
    sides: dict[str, Callable[[str], object]] = {
        DECODE: partial(decoded_blob, folder=folder),
        "inspect": partial(blob_inspection, read=read, settings=SETTINGS),
        HASHES: partial(hashed_blob, folder=folder),
        "fingerprint": partial(blob_fingerprint, read=read, settings=SETTINGS),
    }
    with LocalEngine(None, SETTINGS.decode_memory, SETTINGS.decode_seconds) as engine:

        def seconds(look: Callable[[str], object]) -> float:
            start = time.perf_counter()
            for result in engine.map(look, names):
                if isinstance(result, Failed):
                    raise RuntimeError(result.detail)
            return (time.perf_counter() - start) / len(names)

        taken = _interleaved({name: partial(seconds, look) for name, look in sides.items()})
    return {name: values[1:] for name, values in taken.items()}


def report(title: str, taken: dict[str, list[float]]) -> None:
    """Each side's median, and the ratios: the medians over the rounds, in each of which both were measured."""
    print(title)
    for name, values in taken.items():
        print(f"  {name:40} {1000 * statistics.median(values):6.2f}")
    for one, other in PAIRS:
        if one in taken and other in taken:
            ratio = statistics.median(a / b for a, b in zip(taken[one], taken[other], strict=True))
            print(f"  {f'{one} / {other}':52} {ratio:5.2f}")


def main(
    pictures: Annotated[int, typer.Option(help="how many, of about 20 that differ")] = 400,
    img2dataset: Annotated[Path | None, typer.Option(help="a Python that has img2dataset")] = None,
) -> None:
    """Measure both sides of each comparison and print the ratios."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        bodies = [path.read_bytes() for path in corpus(Path(few), 40)]
        print(f"JPEGs of {SIZE[0]}x{SIZE[1]}, {sum(map(len, bodies)) // len(bodies):,} bytes on average")
        report("one core, ms of CPU a picture", on_one_core(Path(few), bodies, img2dataset))
        names = [path.name for path in corpus(Path(many), pictures)]
        report(f"{os.cpu_count()} cores, ms a picture, through the engine", on_all_cores(Path(many), names))


if __name__ == "__main__":
    typer.run(main)
