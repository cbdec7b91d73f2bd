"""Archives: what `tarfile` and `tar` read, and the same bytes each time."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.publish.tar import MAX_BYTES, write_tar

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="._-"), min_size=1, max_size=100)
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=2_000)), max_size=8)


@given(MEMBERS)
def test_an_archive_is_what_tarfile_writes(tmp_path_factory: pytest.TempPathFactory, members) -> None:
    file = tmp_path_factory.mktemp("tar") / "a.tar"
    assert write_tar(file, members) == file.stat().st_size
    expected = io.BytesIO()
    with tarfile.open(fileobj=expected, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    assert file.read_bytes() == expected.getvalue()


@given(
    sizes=st.lists(st.sampled_from([0, 1, 511, 512, 513, 100_000, 2**17, 300_000]), max_size=12),
    taken=st.sampled_from([1, 512, 700, 2**17, 2**30]),
)
def test_it_is_the_same_where_the_system_takes_a_part_of_what_is_written(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], taken: int
) -> None:
    members = [(f"{number}.bin", bytes([number + 1]) * size) for number, size in enumerate(sizes)]
    folder = tmp_path_factory.mktemp("tar")
    write_tar(folder / "whole.tar", members)
    with pytest.MonkeyPatch.context() as system:
        system.setattr(os, "writev", lambda file, pieces: os.write(file, b"".join(pieces)[:taken]))
        write_tar(folder / "parts.tar", members)
    assert (folder / "parts.tar").read_bytes() == (folder / "whole.tar").read_bytes()
    with tarfile.open(folder / "whole.tar") as archive:
        assert [(member.name, member.size) for member in archive] == [(name, len(data)) for name, data in members]


def test_thousands_of_empty_members_are_written(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", ((f"{number}.txt", b"") for number in range(5_000)))
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert archive.getnames() == [f"{number}.txt" for number in range(5_000)]


def test_tar_itself_unpacks_it(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", [("1.txt", b"one"), ("2.bin", bytes(513)), ("3.txt", b"")])
    subprocess.run(["tar", "-xf", "a.tar"], cwd=tmp_path, check=True, capture_output=True)
    assert [(tmp_path / name).read_bytes() for name in ("1.txt", "2.bin", "3.txt")] == [b"one", bytes(513), b""]


@pytest.mark.parametrize("name", ["", "ü.jpg", "x" * 101])
def test_a_name_that_the_format_has_no_room_for_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="1 to 100 ASCII"):
        write_tar(tmp_path / "a.tar", [(name, b"")])


def test_contents_that_the_format_has_no_room_for_are_refused(tmp_path: Path) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return MAX_BYTES + 1

    with pytest.raises(ValueError, match="8,589,934,592 bytes"):
        write_tar(tmp_path / "a.tar", [("a", Huge())])
