"""Licences as real sources state them: Openverse's recorded API answers and exports (see ../shared/samples/INDEX.md).

The statements themselves are also in `statements`, so nothing here is covered only where the samples are.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgtext_assets.rights.licenses import find_license
from imgtext_assets_tests.rights.statements import FLICKR

SAMPLES = Path(os.environ.get("IMGTEXT_SAMPLES", Path(__file__).parents[3] / "shared" / "samples"))
RESOURCES = (
    SAMPLES / "WordPress+openverse-catalog/catalog/tests/dags/providers/provider_api_scripts/resources"
)  # github.com/WordPress/openverse-catalog

pytestmark = pytest.mark.skipif(not RESOURCES.is_dir(), reason=f"{RESOURCES} is not here")

# Field -> what it says in the answers of a provider, and which licence that is.
WIKIMEDIA = {
    "License": {
        "pd": "PD", "cc0": "CC0-1.0", "cc-by-4.0": "CC-BY-4.0", "cc-by-sa-4.0": "CC-BY-SA-4.0",
        "cc-by-sa-3.0-de": "CC-BY-SA-3.0-DE", "cc-by-sa-3.0-es": "CC-BY-SA-3.0-ES",
    },
    "LicenseShortName": {
        "Public domain": "PD", "CC0": "CC0-1.0", "CC BY 4.0": "CC-BY-4.0", "CC BY-SA 4.0": "CC-BY-SA-4.0",
        "CC BY-SA 3.0 de": "CC-BY-SA-3.0-DE", "CC BY-SA 3.0 es": "CC-BY-SA-3.0-ES",
        "No restrictions": "no-known-copyright",
    },
    "UsageTerms": {
        "Public domain": "PD", "Creative Commons Zero, Public Domain Dedication": "CC0-1.0",
        "Creative Commons Attribution 4.0": "CC-BY-4.0",
        "Creative Commons Attribution-Share Alike 4.0": "CC-BY-SA-4.0",
        "Creative Commons Attribution-Share Alike 3.0 de": "CC-BY-SA-3.0-DE",
        "Creative Commons Attribution-Share Alike 3.0 es": "CC-BY-SA-3.0-ES",
        "No known copyright restrictions": "no-known-copyright",
    },
    "LicenseUrl": {
        "https://creativecommons.org/licenses/by-sa/4.0": "CC-BY-SA-4.0",
        "https://creativecommons.org/licenses/by/4.0": "CC-BY-4.0",
        "https://creativecommons.org/licenses/by-sa/2.0": "CC-BY-SA-2.0",
        "https://creativecommons.org/licenses/by-sa/3.0/de/deed.en": "CC-BY-SA-3.0-DE",
        "https://creativecommons.org/licenses/by-sa/3.0/es/deed.en": "CC-BY-SA-3.0-ES",
        "http://creativecommons.org/publicdomain/zero/1.0/deed.en": "CC0-1.0",
        "https://www.flickr.com/commons/usage/": "no-known-copyright",
    },
}  # fmt: skip
OTHERS = {
    ("europeana", "rights"): {"http://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0"},
    ("metropolitan_museum_of_art", "license"): {"cc0": "CC0-1.0"},
    ("nypl", "rightsStatementURI"): {"https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0"},
    ("rawpixel", "license"): {"cc0": "CC0-1.0"},
    ("rawpixel", "licenseUrl"): {"https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0"},
    ("smithsonian", "access"): {"CC0": "CC0-1.0"},
    # It also says there who may enter its reading rooms, which is unknown as a licence.
    ("smithsonian", "objectRights"): {"No Copyright - United States": "NoC-US"},
    ("smk", "rights"): {"https://creativecommons.org/share-your-work/public-domain/cc0/": "CC0-1.0"},
}


def stated(value: object, field: str) -> Iterator[str]:
    """Every text under `field`, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_of(inner) if key == field else stated(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from stated(inner, field)


def texts_of(value: object) -> Iterator[str]:
    """A field's texts, which Wikimedia, NYPL and the Smithsonian each wrap in an object of their own."""
    for one in value if isinstance(value, list) else [value]:
        text = one.get("value", one.get("$", one.get("content"))) if isinstance(one, dict) else one
        if isinstance(text, str):
            yield text


def said_by(provider: str, field: str) -> set[str]:
    files = sorted((RESOURCES / provider).rglob("*.json"))
    return {text for file in files for text in stated(json.loads(file.read_text("utf-8")), field)}


def found_id(text: str, scheme: str | None = None) -> str | None:
    match = find_license(text, scheme)
    return match.license.id if match else None


@pytest.mark.parametrize("field", WIKIMEDIA)
def test_all_that_wikimedia_says_of_licences(field):
    assert {text: found_id(text) for text in said_by("wikimedia", field)} == WIKIMEDIA[field]


@pytest.mark.parametrize(("provider", "field"), OTHERS)
def test_all_that_museums_say(provider, field):
    expected, texts = OTHERS[provider, field], said_by(provider, field)
    assert set(expected) <= texts
    assert {text: found_id(text) for text in texts} == dict.fromkeys(texts) | expected


def test_flickrs_answers_state_numbers():
    numbers = said_by("flickr", "license")
    assert {"1", "3"} <= numbers
    assert {number: found_id(number, "flickr") for number in numbers} == {number: FLICKR[number] for number in numbers}
    assert {found_id(number) for number in numbers} == {None}


def test_every_row_of_openverse_s_exports_has_a_licence_that_we_know():
    """Columns 8 and 9 are Openverse's code and version of the licence: `by-nc-nd`, `2.0`."""
    codes = Counter[tuple[str, str]]()
    for file in sorted((RESOURCES / "example_output").glob("*.tsv")):
        rows = (line.split("\t") for line in file.read_text("utf-8").splitlines())
        codes.update((row[7].lower(), row[8]) for row in rows)
    assert codes.total() > 2_000
    special = {"cc0": "CC0-1.0", "pdm": "CC-PDM-1.0"}
    for code, version in codes:
        assert found_id(f"{code} {version}") == special.get(code, f"CC-{code.upper()}-{version}")


def test_inaturalists_addresses():
    text = (RESOURCES / "inaturalist" / "full_db_response.txt").read_text("utf-8")
    addresses = Counter(re.findall(r"'license_url': '([^']*)'", text))
    assert addresses.total() == 34
    assert {found_id(address) for address in addresses} == {
        "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0",
    }  # fmt: skip
