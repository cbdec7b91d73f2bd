"""Valid parquet files of many encodings, and ways to damage them such as bad disks, cut transfers and attackers have.

The kinds of damage are those of https://github.com/apache/parquet-testing (bad_data) and of fuzzers' finds: bits that
flip, files that end early, footers with other numbers, sizes beyond all measure, ranges of zeros.
"""

from __future__ import annotations

import base64
import io
import random
import string
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

_COLUMNS: dict[str, Callable[[random.Random], Any]] = {
    "id": lambda r: r.getrandbits(40),
    "url": lambda r: f"https://a.example/{r.getrandbits(64):x}.jpg",
    "license": lambda r: r.choice(["?", "CC0", None]),
    "caption": lambda r: "".join(r.choices(string.printable + "äßé漢字", k=r.randrange(60))),
    "similarity": lambda r: r.random(),
    "seen": lambda r: r.random() < 0.5,
    "faces": lambda r: [[r.random() for _ in range(4)] for _ in range(r.randrange(3))],
    "tags": lambda r: {"a": r.choice([None, "x"]), "b": [1, None]},
}
TABLE = pa.table({name: [make(random.Random(n)) for n in range(300)] for name, make in _COLUMNS.items()})

_PLAIN = dict.fromkeys(("url", "license", "caption"), "PLAIN")
_DELTA = {"id": "DELTA_BINARY_PACKED", "url": "DELTA_BYTE_ARRAY", "caption": "DELTA_LENGTH_BYTE_ARRAY", "seen": "RLE"}
_SPLIT = {"similarity": "BYTE_STREAM_SPLIT", "url": "PLAIN"}
WAYS: dict[str, dict[str, Any]] = {
    "dictionary, snappy": {"compression": "snappy", "use_dictionary": True},
    "dictionary, none, small pages": {"compression": "none", "use_dictionary": True, "data_page_size": 512},
    "plain, none": {"compression": "none", "use_dictionary": False, "column_encoding": _PLAIN},
    "plain, zstd, version 2 pages": {"compression": "zstd", "use_dictionary": False, "data_page_version": "2.0"},
    "delta, none": {"compression": "none", "use_dictionary": False, "column_encoding": _DELTA},
    "delta, gzip, version 2 pages": {
        "compression": "gzip", "use_dictionary": False, "column_encoding": _DELTA, "data_page_version": "2.0",
    },
    "split, lz4": {"compression": "lz4", "use_dictionary": False, "column_encoding": _SPLIT},
    "dictionary, brotli, page index": {"compression": "brotli", "write_page_index": True},
    "small groups": {"compression": "snappy", "row_group_size": 50, "store_schema": False},
}  # fmt: skip


def valid_file(way: str) -> bytes:
    """The table as a parquet file, written in one of WAYS."""
    file = io.BytesIO()
    pq.write_table(TABLE, file, **WAYS[way])
    return file.getvalue()


def encrypted_file() -> bytes:
    """A valid file of which one column is encrypted, and not the footer."""

    class Keys(pe.KmsClient):
        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return base64.b64encode(key_bytes)

    how = pe.EncryptionConfiguration(footer_key="footer", column_keys={"column": ["a"]}, plaintext_footer=True)
    properties = pe.CryptoFactory(lambda _: Keys()).file_encryption_properties(pe.KmsConnectionConfig(), how)
    file = io.BytesIO()
    table = pa.table({"a": [1, 2], "b": [1, 2]})
    with pq.ParquetWriter(file, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    return file.getvalue()


def damaged(way: str, seed: int) -> bytes:
    """A valid file, damaged in one of several ways that the seed chooses."""
    chance = random.Random(f"{way} {seed}")
    data = bytearray(valid_file(way))
    chance.choice([_flip_bits, _cut, _zero, _garble_footer, _huge_numbers, _move, _lie_about_footer])(data, chance)
    return bytes(data)


def _footer(data: bytearray) -> tuple[int, int]:
    """Where the footer begins and ends: its length and `PAR1` follow it."""
    return len(data) - 8 - int.from_bytes(data[-8:-4], "little"), len(data) - 8


def _flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 3, 30])):
        data[chance.randrange(4, len(data) - 8)] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    """Leave out a piece: of the middle, so that the footer still reads, or the end."""
    start = chance.randrange(4, len(data))
    del data[start : start + chance.choice([1, 100, len(data)])]


def _zero(data: bytearray, chance: random.Random) -> None:
    start, size = chance.randrange(4, _footer(data)[0]), chance.choice([1, 16, 512])
    data[start : start + size] = bytes(size)


def _garble_footer(data: bytearray, chance: random.Random) -> None:
    start, end = _footer(data)
    for _ in range(chance.choice([1, 2, 8])):
        data[chance.randrange(start, end)] = chance.randrange(256)


def _huge_numbers(data: bytearray, chance: random.Random) -> None:
    """Numbers are varints: bytes over 127 go on, so a run of 255 is a huge one (Thrift's compact protocol)."""
    start, end = _footer(data) if chance.random() < 0.5 else (4, _footer(data)[0])
    at = chance.randrange(start, end)
    size = chance.choice([1, 4, 9])
    data[at : at + size] = b"\xff" * size


def _move(data: bytearray, chance: random.Random) -> None:
    """One piece over another: pages where others should be."""
    size = chance.choice([8, 64, 256])
    source, target = (chance.randrange(4, len(data) - 8 - size) for _ in range(2))
    data[target : target + size] = data[source : source + size]


def _lie_about_footer(data: bytearray, chance: random.Random) -> None:
    data[-8:-4] = chance.choice([0, 1, 2**31 - 1, 2**32 - 1, chance.randrange(len(data))]).to_bytes(4, "little")
