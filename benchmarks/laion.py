"""Made-up metadata in LAION-400M's schema, for benchmarks: as long, as varied and as faulty as the published files.

Addresses have 95 characters and captions 53 on average; of 100 rows, 95 state no licence ('?'), five a Creative Commons
one. Among them are similarities over 1, sides of 0, captions that are missing or claim rights, addresses that are none,
and addresses that come twice.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

ROW_GROUP = 100_000
_CC = "https://creativecommons.org/"
_LICENSES = {
    "?": 0.95,
    f"{_CC}licenses/by/2.0/": 0.01,
    f"{_CC}licenses/by-sa/4.0/": 0.01,
    f"{_CC}licenses/by-nc-nd/3.0/us/": 0.01,
    f"{_CC}publicdomain/zero/1.0/": 0.01,
    f"{_CC}publicdomain/mark/1.0/": 0.005,
    "https://example.org/our-own-terms": 0.005,
}
_ODD_URLS = ["", "ftp://files.example.org/a.jpg", "http:///no-host.jpg", "data:image/png;base64,iVBORw0KGgo="]
_CLAIMS = [" © 2019 Example Studio", " All rights reserved", " Copyright 2015 by Ann Example"]
_WORDS = """
the of and in with for on photo image stock vector picture design black white red blue green old new vintage woman
man girl dog cat house garden kitchen wall art print poster canvas wedding dress beach sunset mountain river city
street night light winter summer flower rose leaf tree bird horse car truck bike train map logo icon pattern
background texture wood metal glass paper gold silver ring necklace watch phone case cover book page table chair
sofa bed lamp interior exterior building church castle bridge museum park lake island boat ship aircraft 2019
""".split()  # noqa: SIM905 - a list of them would fill a screen


def write_laion(folder: Path, rows: int, rows_a_file: int = 1_000_000, row_group: int = ROW_GROUP) -> list[Path]:
    """Write `rows` rows into parquet files of `folder`; the same at every call. Returns the files."""
    starts = range(0, rows, rows_a_file)
    files = [folder / f"part-{number:05d}.snappy.parquet" for number in range(len(starts))]
    for number, (file, start) in enumerate(zip(files, starts, strict=True)):
        frame = laion_rows(min(rows_a_file, rows - start), seed=number)
        frame.write_parquet(file, compression="snappy", row_group_size=row_group, use_pyarrow=True)
    return files


def laion_rows(rows: int, seed: int) -> pl.DataFrame:
    """That many rows of LAION-400M's schema."""
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "SAMPLE_ID": random.integers(0, 2**42, rows),
            "URL": _urls(random, rows),
            "TEXT": _captions(random, rows),
            "HEIGHT": _sides(random, rows),
            "WIDTH": _sides(random, rows),
            "LICENSE": _choices(random, list(_LICENSES), rows, list(_LICENSES.values())),
            "NSFW": _choices(random, ["UNLIKELY", "UNSURE", "NSFW", "UNTAGGED"], rows, [0.93, 0.04, 0.02, 0.01]),
            "similarity": _similarities(random, rows),
        }
    )


def _urls(random: np.random.Generator, rows: int) -> pl.Series:
    hosts = [f"{word}{n}.example-{n % 97}.com" for n, word in enumerate(_words(random, 50_000, 1))]
    folders = [path.replace(" ", "/") for path in _words(random, 20_000, 3)]
    popular = np.minimum(random.zipf(1.3, rows) - 1, len(hosts) - 1)
    names = pl.Series(random.integers(0, 2**63, rows)).cast(pl.String)
    frame = pl.DataFrame(
        {
            "scheme": _choices(random, ["https://", "http://"], rows, [0.7, 0.3]),
            "host": pl.Series(hosts).gather(popular),
            "folder": _choices(random, folders, rows),
            "name": _choices(random, [name.replace(" ", "-") for name in _words(random, 20_000, 4)], rows),
            "number": names,
        }
    )
    urls = frame.select(
        pl.concat_str(
            "scheme", "host", pl.lit("/"), "folder", pl.lit("/"), "name", pl.lit("-"), "number", pl.lit(".jpg")
        )
    ).to_series()
    odd, twice = random.random(rows) < 0.001, random.random(rows) < 0.002
    moved = pl.when(pl.Series(twice)).then(urls.shift(1, fill_value=urls[0])).otherwise(urls)
    return pl.select(pl.when(pl.Series(odd)).then(_choices(random, _ODD_URLS, rows)).otherwise(moved)).to_series()


def _captions(random: np.random.Generator, rows: int) -> pl.Series:
    parts = [_choices(random, _words(random, 20_000, words), rows) for words in (2, 3, 4)]
    claims = _choices(random, ["", *_CLAIMS], rows, [0.97, 0.01, 0.01, 0.01])
    frame = pl.DataFrame({"a": parts[0], "b": parts[1], "c": parts[2], "missing": random.random(rows) < 0.001})
    text = pl.concat_str(pl.concat_str("a", "b", "c", separator=" "), claims)
    return frame.select(pl.when("missing").then(None).otherwise(text)).to_series()


def _words(random: np.random.Generator, texts: int, words: int) -> list[str]:
    return [" ".join(chosen) for chosen in np.array(_WORDS)[random.integers(0, len(_WORDS), (texts, words))]]


def _choices(random: np.random.Generator, of: list[str], rows: int, shares: list[float] | None = None) -> pl.Series:
    return pl.Series(of).gather(random.choice(len(of), rows, p=shares))


def _sides(random: np.random.Generator, rows: int) -> np.ndarray:
    sides = random.lognormal(6.3, 0.5, rows).astype(np.int32)
    return np.where(random.random(rows) < 0.0005, random.choice([0, 39_580], rows), sides).astype(np.int32)


def _similarities(random: np.random.Generator, rows: int) -> np.ndarray:
    return np.where(random.random(rows) < 0.0001, 6016.0, random.normal(0.33, 0.03, rows))
