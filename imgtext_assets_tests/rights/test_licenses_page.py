"""The page of licences: every licence, group and template of the table is on it."""

from imgtext_assets.rights.licenses import GROUPS, LICENSES, licenses_page


def test_every_licence_is_on_the_page():
    page = licenses_page()
    for known in LICENSES:
        port = f"-{(known.jurisdiction or '').upper()}"
        assert f"| `{known.id}` |" in page or f"`{port}`" in page
        assert all(f"`{name}`" in page for name in known.templates if not name.startswith("Cc-"))
    assert all(f"| `{name}` |" in page for name in GROUPS)


def test_every_row_has_the_cells_of_its_table():
    rows = [line for line in licenses_page().splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} <= {4, 6}
