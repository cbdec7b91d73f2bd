"""Reports: pages in the lake, local and on S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgtext_assets.lake import Lake, LakeError, read_text


def test_a_report_is_written_whole_in_place_of_the_one_before(lake_root: str) -> None:
    reports = Lake(lake_root).reports
    for text in ("a longer page \u00fc", "short"):
        url = reports.write("page.html", text)
        assert url == f"{lake_root}/reports/page.html"
        assert read_text(url) == text


def test_with_fsync_too(tmp_path: Path) -> None:
    url = Lake(str(tmp_path), fsync=True).reports.write("page.html", "text")
    assert Path(url).read_text(encoding="utf-8") == "text"
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["page.html"]


def test_where_it_cannot_be_written_the_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file in the way")
    with pytest.raises(LakeError, match=r"reports/page\.html"):
        Lake(str(tmp_path)).reports.write("page.html", "text")
