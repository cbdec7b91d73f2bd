"""What the fingerprints catch and what they confuse: recall by edit, false positives, and the mirror trick.

    python -m benchmarks.duplicates_quality [--folder PICTURES] [--edited 300] [--workers 2]

On the photographs of scikit-image (`demo.pictures`: 14 photographs, cut into 210 pictures), or on those of a folder.
The demo's become JPEGs of quality 95, a folder's are taken as they are; their edits are saved with quality 90, where
the edit is not the coding itself. Two hashes of each are compared: as the asset `fingerprints` takes them (a JPEG
reduced while it is decoded), and the exact ones, of the whole decode.

- Recall: of how many pictures the edited copy is within the rule of the picture itself. Where either is of low
  information it is not: those are matched by bytes alone.
- False positives: pairs of pictures that show different photographs and are within the rule. They are counted over all
  pictures and their windows, and once more with all edited copies among them; however many files of two pictures are
  taken for one another, that is one event. No two photographs of a folder should be alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from benchmarks.edits import EDITS, GEOMETRIC, MIRRORED, MIRRORED_SMALL, PHOTOMETRIC, TURNED, UPSIDE_DOWN
from benchmarks.photos import DECODES, PICTURE, WINDOW, Hash, Photo, demo_photos, hashes_of, photos_of
from imgtext_assets.duplicates.mirror import mirrored
from imgtext_assets.engine import Failed, LocalEngine

RADII = range(0, 11, 2)
CONFIRMED = ((4, 60), (6, 40), (6, 50), (6, 60), (6, 70), (6, 80), (8, 60), (8, 80), (10, 60))
WIDEST = 10
PD12M = 12_400_000

Rule = tuple[int, int | None]
"""The largest distance of the 64-bit hashes, and of the 256-bit ones if they are compared."""


class Hashes(NamedTuple):
    """Columns of equal length, a row a file: which picture and photograph it is of, what it is, and its hashes."""

    picture: np.ndarray
    photograph: np.ndarray
    what: np.ndarray
    coarse: np.ndarray
    fine: np.ndarray  # rows x 4 of 64 bits
    tells: np.ndarray  # is not of low information

    def only(self, rows: np.ndarray) -> Hashes:
        """Those rows."""
        return Hashes(*(column[rows] for column in self))


def columns(photos: list[Photo], found: list[list[Hash]], decode: str) -> Hashes:
    """The hashes of one decode as columns."""
    rows = [(n, photo.photograph, h) for n, photo in enumerate(photos) for h in found[n] if h.decode == decode]
    fine = np.frombuffer(b"".join(h.phash256 for _, _, h in rows), np.uint64).reshape(-1, 4)
    return Hashes(
        np.array([n for n, _, _ in rows]),
        np.unique([photograph for _, photograph, _ in rows], return_inverse=True)[1],
        np.array([h.what for _, _, h in rows]),
        np.array([h.phash for _, _, h in rows], np.uint64),
        fine,
        np.array([not h.low_information for _, _, h in rows]),
    )


def distances(one: Hashes, other: Hashes) -> tuple[np.ndarray, np.ndarray]:
    """Row by row: of the 64 bits, and of the 256; 64 and 256 where either says little."""
    coarse = np.bitwise_count(one.coarse ^ other.coarse).astype(int)
    fine = np.bitwise_count(one.fine ^ other.fine).sum(axis=1).astype(int)
    tell = one.tells & other.tells
    return np.where(tell, coarse, 64), np.where(tell, fine, 256)


def copies(hashes: Hashes, edit: str) -> tuple[Hashes, Hashes]:
    """The pictures that were edited so, and their edited copies, row by row."""
    edited = hashes.only(hashes.what == edit)
    pictures = hashes.only(hashes.what == PICTURE)
    return pictures.only(np.searchsorted(pictures.picture, edited.picture)), edited


def within(rule: Rule, coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Which of these distances the rule takes for repeats."""
    radius, confirm = rule
    return (coarse <= radius) & (fine <= (256 if confirm is None else confirm))


class Strangers(NamedTuple):
    """Pairs of files that show different photographs: how many, and those of them whose hashes are near."""

    pairs: int
    event: np.ndarray  # numbers the pair of pictures that the two files are of
    coarse: np.ndarray
    fine: np.ndarray

    def events(self, rule: Rule) -> int:
        """How many pairs of pictures the rule takes for repeats."""
        return len(np.unique(self.event[within(rule, self.coarse, self.fine)]))


def strangers(hashes: Hashes, turned: Hashes | None = None) -> Strangers:
    """The pairs within WIDEST bits; with `turned`, of a file as in `hashes` and a later one as in `turned`."""
    hashes = hashes.only(hashes.tells)
    others = turned.only(turned.tells) if turned else hashes
    pairs, found = 0, [np.empty((3, 0), int)]
    for row in range(len(hashes.coarse)):
        later = slice(row + 1, None)
        apart = hashes.photograph[later] != hashes.photograph[row]
        pairs += int(apart.sum())
        coarse = np.bitwise_count(others.coarse[later] ^ hashes.coarse[row])
        near = np.flatnonzero(apart & (coarse <= WIDEST))
        fine = np.bitwise_count(others.fine[later][near] ^ hashes.fine[row]).sum(axis=1, dtype=int)
        mine, its = hashes.picture[row], hashes.picture[later][near]
        event = np.minimum(mine, its) * (hashes.picture.max() + 1) + np.maximum(mine, its)
        found.append(np.stack([event, coarse[near].astype(int), fine]))
    return Strangers(pairs, *np.concatenate(found, axis=1))


def expected_by_chance(radius: int, count: int) -> float:
    """Pairs within the radius among so many ideal hashes: 31 of 63 bits set, for the first one always is."""
    near = sum(math.comb(31, k) * math.comb(32, k) for k in range(radius // 2 + 1))
    return near / math.comb(63, 31) * count * (count - 1) / 2


def report(photos: list[Photo], found: list[list[Hash]]) -> None:
    """Print all tables of one sample."""
    for decode in DECODES:
        hashes = columns(photos, found, decode)
        distance = {edit: distances(*copies(hashes, edit)) for edit in EDITS}
        known = hashes.only(np.isin(hashes.what, (PICTURE, WINDOW)))
        weights = np.bitwise_count(hashes.coarse)[hashes.tells]
        print(f"\nHashes {decode}: {len(hashes.coarse):,}, {np.sum(~hashes.tells)} of low information; of the others")
        print(f"{np.sum(weights == 32):,} have 32 bits set. All shares below are percentages.")
        distance_table(distance)
        recall_table(distance)
        rules_table(distance, known, hashes.only(~np.isin(hashes.what, TURNED)))
        mirror_table(hashes, known)


def distance_table(distance: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """How far an edited copy is from its picture."""
    rows = []
    for edit, (coarse, fine) in distance.items():
        coarse, fine = coarse[coarse < 64], fine[fine < 256]
        spread = [f"{np.median(d):.0f} ({np.percentile(d, 95):.0f}, {d.max()})" for d in (coarse, fine)]
        rows.append([edit, len(coarse), *spread, int(np.sum(coarse % 2))])
    table(["edit", "copies", "64 bits: median (95 of 100, worst)", "256 bits", "odd distances"], rows)


def recall_table(distance: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """How many copies each rule finds, edit by edit."""
    rules: list[Rule] = [*((radius, None) for radius in RADII), *CONFIRMED]
    rows = [[edit, *(percent(within(rule, *d)) for rule in rules)] for edit, d in distance.items()]
    table(["edit", *map(name_of, rules)], rows)


def rules_table(distance: dict[str, tuple[np.ndarray, np.ndarray]], known: Hashes, all_files: Hashes) -> None:
    """What each rule finds and confuses."""
    few, many = strangers(known), strangers(all_files)
    rows = []
    for rule in [*((radius, None) for radius in RADII), *CONFIRMED]:
        recall = [percent(np.concatenate([within(rule, *distance[e]) for e in es])) for es in (PHOTOMETRIC, GEOMETRIC)]
        chance = f"{expected_by_chance(rule[0], PD12M):,.1f}" if rule[1] is None else ""
        rows.append([name_of(rule), *recall, few.events(rule), many.events(rule), chance])
    table(
        [
            *("rule", "photometric", "geometric"),
            *(f"false among {few.pairs:,} pairs", f"{many.pairs:,} pairs (edits too)", "by chance in 12.4 million"),
        ],
        rows,
    )


def mirror_table(hashes: Hashes, known: Hashes) -> None:
    """How near the hash without the picture is to that of the turned picture, and what a rule on it would do."""
    rows = []
    for edit, turn in ((MIRRORED, mirrored), (MIRRORED_SMALL, mirrored), (UPSIDE_DOWN, _upside_down)):
        original, edited = copies(hashes, edit)
        coarse, fine = distances(original._replace(coarse=turn(original.coarse), fine=turn(original.fine)), edited)
        shares = [percent(within(rule, coarse, fine)) for rule in ((4, None), (6, None), (6, 60), (8, 60), (10, 60))]
        both = [d[original.tells & edited.tells] for d in (coarse, fine)]
        rows.append([edit, *(f"{np.median(d):.0f} ({np.percentile(d, 95):.0f}, {d.max()})" for d in both), *shares])
    table(["edit", "64 bits", "256 bits", "<= 4", "<= 6", "6 & 60", "8 & 60", "10 & 60"], rows)
    false = strangers(known, known._replace(coarse=mirrored(known.coarse), fine=mirrored(known.fine)))
    print("\nFalse mirror images:", {name_of(r): false.events(r) for r in ((6, None), (6, 60), (8, 60), (10, 60))})


def _upside_down(hashes: np.ndarray) -> np.ndarray:
    """As `mirrored`, for odd rows: bytes of an 8 x 8 hash, pairs of bytes of a 16 x 16 one (read little-endian)."""
    return hashes ^ (np.uint64(0x00FF00FF00FF00FF) if hashes.ndim == 1 else np.uint64(0xFFFF0000FFFF0000))


def name_of(rule: Rule) -> str:
    """The rule in a table's head."""
    return f"<= {rule[0]}" if rule[1] is None else f"{rule[0]} & {rule[1]}"


def percent(hits: np.ndarray) -> str:
    """The share of those that are true."""
    return f"{100 * np.mean(hits):.1f}"


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
    """Print a markdown table."""
    print()
    for line in (header, ["---"] * len(header), *rows):
        print("| " + " | ".join(map(str, line)) + " |")


def main(
    folder: Annotated[
        Path | None, typer.Option(help="photographs, no two of them alike, instead of the demo's")
    ] = None,
    edited: Annotated[int, typer.Option(help="about how many of the folder's are edited")] = 300,
    workers: Annotated[int, typer.Option(help="processes that edit and hash")] = 2,
) -> None:
    """Hash, compare, print tables."""
    photos = photos_of(folder, edited) if folder else demo_photos()
    with LocalEngine(workers) as engine:
        results = list(engine.map(hashes_of, photos, chunk=4))
    failures = [(p.name, r.detail) for p, r in zip(photos, results, strict=True) if isinstance(r, Failed)]
    if failures:
        raise SystemExit(f"{len(failures)} pictures could not be hashed, the first: {failures[0]}")
    print(f"{len(photos)} pictures, {sum(photo.edited for photo in photos)} of them edited")
    report(photos, [result for result in results if not isinstance(result, Failed)])


if __name__ == "__main__":
    typer.run(main)
