"""The real UI in a real browser, as a curator looks at it."""

from __future__ import annotations

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from imgtext_assets.tables import BY_NAME, MADE_FROM, STAGES, VERIFIED
from imgtext_assets_tests.ui.browser import NAMES, find_chromium, show_graph
from imgtext_assets_tests.ui.hostile import SCRIPT, SHARD, Tracker
from imgtext_assets_tests.ui.project import Project, Webserver

GROUPS = {
    "sources": ["source_files", "raw_metadata"],
    "rights": ["license_filtered"],
    "decisions": ["accounts"],
    "duplicates": ["fingerprints", "duplicate_clusters", "deduplicated"],
    "pictures": ["resolution_filtered", "downloaded", "verified"],
    "links": ["link_checks", "link_decay", "link_survival", "link_hosts", "dead_links"],
    "releases": ["release"],
}
CHECKS = ["kept_share", "reasons", "rows_conserved", "schema", "unique_ids"]
LINEAGE = """
query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      assetMaterializations(limit: 1) {
        metadataEntries {
          ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
        }
      }
    }
  }
}
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(find_chromium() is None, reason=f"no Chromium is installed: none of {', '.join(NAMES)}"),
]


def test_the_graph_shows_every_asset_whole_and_every_stage_with_its_checks_passed(
    page: Page, webserver: Webserver
) -> None:
    page.set_viewport_size({"width": 5600, "height": 2600})
    show_graph(page, webserver.url)
    for name in [asset for assets in GROUPS.values() for asset in assets]:
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_text("5 / 5 Passed")).to_have_count(len(STAGES))


def test_the_catalog_lists_every_asset_in_its_group(page: Page, webserver: Webserver) -> None:
    page.goto(f"{webserver.url}/assets")
    for group, assets in GROUPS.items():
        for name in assets:
            link = page.locator(f"""a[href='/asset-groups~group%3A"{group}"/{name}']""")
            expect(link).to_have_text(group)


@pytest.mark.parametrize(("asset", "shard"), [("verified", "pd12m-00000"), ("license_filtered", "laion400m-00000")])
def test_a_shards_page_shows_its_funnel(
    page: Page, webserver: Webserver, built: Project, asset: str, shard: str
) -> None:
    rows = built.lake.tables.scan(asset, BY_NAME[asset].schema, [shard]).collect()
    kept = rows["reject_reason"].null_count()
    assert 0 < kept < rows.height
    page.goto(webserver.asset(asset, shard))
    line = f"{rows.height} in = {kept} kept + {rows.height - kept} rejected"
    expect(page.get_by_text(line)).to_be_visible()
    for reason in rows["reject_reason"].drop_nulls().unique():
        expect(page.get_by_role("cell", name=reason, exact=True).first).to_be_visible()


@pytest.mark.parametrize("asset", ["license_filtered", "verified"])
def test_every_check_of_every_shard_has_passed(page: Page, webserver: Webserver, built: Project, asset: str) -> None:
    shards = built.lake.tables.shards(asset)
    for check in CHECKS:
        page.goto(f"{webserver.asset(asset, view='checks')}&checkDetail={check}")
        expect(page.get_by_text("Succeeded", exact=True)).to_have_count(len(CHECKS))
        page.get_by_role("tab", name="Partitions").last.click()
        expect(page.get_by_text(f"Passed ({len(shards)})", exact=True)).to_be_visible()


def test_the_thumbnails_are_pictures(page: Page, webserver: Webserver) -> None:
    page.goto(webserver.asset("verified", "pd12m-00000"))
    page.get_by_text("[Show Markdown]").click()
    width, height = drawn(page, "thumbnails")
    assert (width, height) == (8 * 96, 96)


def test_the_survival_of_links_is_drawn(page: Page, webserver: Webserver) -> None:
    page.goto(webserver.asset("link_decay", view="events"))
    page.get_by_text("[Show Markdown]").click()
    width, height = drawn(page, "share of the observed links alive over time")
    assert width > 300
    assert height > 150


def drawn(page: Page, alt: str) -> tuple[int, int]:
    """Width and height of a picture once the browser has decoded it, pixels."""
    picture = page.get_by_role("img", name=alt)
    expect(picture).to_be_visible()
    return tuple(
        picture.evaluate("async (img) => { await img.decode(); return [img.naturalWidth, img.naturalHeight] }")
    )


def test_every_column_is_shown_with_its_meaning(page: Page, webserver: Webserver) -> None:
    page.goto(webserver.asset("verified", view="overview"))
    for column in VERIFIED.columns:
        expect(page.get_by_text(column.name, exact=True).first).to_be_visible()
    declared = next(column for column in VERIFIED.columns if column.name == "declared_width")
    expect(page.get_by_text(f"{declared.meaning} Unit: {declared.unit}. Made from")).to_be_visible()


def test_the_lineage_of_assets_is_drawn(page: Page, webserver: Webserver) -> None:
    page.goto(webserver.asset("deduplicated", view="lineage"))
    for name in ("fingerprints", "duplicate_clusters", "deduplicated", "resolution_filtered"):
        expect(page.get_by_text(name, exact=True).last).to_be_visible()


def test_the_lineage_of_columns_is_there_to_be_asked_for(webserver: Webserver) -> None:
    node = webserver.ask(LINEAGE, key={"path": ["verified"]})["assetNodeOrError"]
    (entry,) = [entry for entry in node["assetMaterializations"][0]["metadataEntries"] if entry]
    lineage = {column["columnName"]: column["columnDeps"] for column in entry["lineage"]}
    assert {dep["columnName"] for dep in lineage["declared_width"]} == set(MADE_FROM["declared_width"])
    assert {dep["columnName"] for dep in lineage["caption"]} == {"caption"}
    assert all(dep["assetKey"] == {"path": ["downloaded"]} for deps in lineage.values() for dep in deps)


@pytest.mark.parametrize(
    ("asset", "reason", "texts"),
    [
        ("license_filtered", "rights_claimed", ["![caption](http://", "<img src=http://", f"{SCRIPT}-1"]),
        ("license_filtered", "license_unknown", [SCRIPT, "![license](http://", "[look](javascript:window.hacked=1)"]),
        ("verified", "rights_claimed", ["<img src=http://", SCRIPT, "![id](http://"]),
    ],
)
def test_texts_from_the_internet_are_shown_as_texts(
    page: Page, webserver: Webserver, tracker: Tracker, asset: str, reason: str, texts: list[str]
) -> None:
    page.goto(webserver.asset(asset, SHARD))
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=reason, exact=True)).last
    for text in texts:
        expect(row).to_contain_text(text)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hacked") is None
    assert page.locator(f"[src*='{tracker.base_url}'], [href*='javascript:']").count() == 0
    assert tracker.requests == []


def test_no_hostile_text_kept_a_row_from_its_verdict(built: Project) -> None:
    rows = built.lake.tables.scan("license_filtered", BY_NAME["license_filtered"].schema, [SHARD])
    reasons = rows.sort("source_row").select(pl.col("reject_reason")).collect()["reject_reason"].to_list()
    assert reasons == ["rights_claimed", "license_unknown", None, None]
    rows = built.lake.tables.scan("verified", VERIFIED.schema, [SHARD]).sort("source_row").collect()
    assert rows["reject_reason"].to_list() == ["rights_claimed", None]
