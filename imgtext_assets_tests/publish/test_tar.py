"""Archives: what `tarfile` and `tar` read, and the same bytes each time."""

from __future__ import annotations

import io
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
