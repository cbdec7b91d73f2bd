"""The release as Croissant: JSON-LD that says which files and columns there are, whence they come and what they allow.

Format 1.1 of MLCommons (http://mlcommons.org/croissant/1.1), which dataset searches read and `mlcroissant` loads;
where rows come from is told in terms of PROV-O (https://www.w3.org/TR/prov-o/). What belongs here: these words. What
does not: counting; whatever is said here is in the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from imgtext_assets.tables import RELEASE

CROISSANT_FILE = "croissant.json"
PAIRS = "pairs"
_FILES = "metadata-files"
_PARQUET = "application/x-parquet"  # as the format names it; the media type that IANA knows is not read by its library
_SPDX = "https://spdx.org/licenses/"
# Ids of the hub (https://github.com/huggingface/hub-docs/blob/main/datasetcard.md) that data is published under.
_DATA_LICENSES = ("CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "ODbL-1.0")
_AS_SPDX_WRITES = {name.lower(): name for name in _DATA_LICENSES}

# The standard's own context, with PROV-O's prefix.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_ADDRESSES = frozenset({"url", "source_url", "landing_url", "license", "license_url", "preview_url", "creator_url"})


def croissant(manifest: Mapping[str, Any]) -> str:
    """The text of `croissant.json` for the release that `manifest` describes; its `files` are those of the folder.

    Of the manifest are read: `name`, `title`, `version`, `license`, `rows`, `rows_by_source`, `rows_by_license`,
    `software`, `files`, and where it has them the `inputs` of each source.
    """
    sources = _sources(manifest)
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest["name"],
        "description": f"{manifest['title']}: {manifest['rows']:,} pictures with captions.",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "version": manifest["version"],
        "datePublished": _month_of(manifest["version"]),
        "license": _address_of(manifest["license"]),
        "citeAs": f"{manifest['title']}, version {manifest['version']}",
        "isLiveDataset": False,
        "prov:wasDerivedFrom": sources,
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:wasAssociatedWith": {"@type": "prov:SoftwareAgent", "sc:name": manifest["software"]},
            "prov:used": [{"@id": source["@id"]} for source in sources],
        },
        "distribution": [_file_set(), *_file_objects(manifest["files"])],
        "recordSet": [_record_set(manifest, sources)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _month_of(version: str) -> str:
    """The first day of the month that a version names: no clock is read, so that a second run gives the same bytes."""
    year, month, _ = version.split(".")
    return f"{int(year):04d}-{int(month):02d}-01"


def _address_of(license_id: str) -> str:
    """A licence as an address; the hub's ids are SPDX's in lower case."""
    return license_id if "://" in license_id else f"{_SPDX}{_AS_SPDX_WRITES.get(license_id, license_id)}"


def _sources(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each source as an entity of PROV-O, with its rows and, where the manifest has them, its files' versions."""
    inputs = manifest.get("inputs", {})
    return [
        {
            "@type": "prov:Entity",
            "@id": f"#source-{name}",
            "sc:name": name,
            "sc:description": f"{rows:,} rows of the release come from it.",
            **({"sc:version": inputs[name]["version"]} if name in inputs else {}),
        }
        for name, rows in manifest["rows_by_source"].items()
    ]


def _file_set() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _FILES,
        "name": _FILES,
        "description": "The rows, sorted by source and id.",
        "encodingFormat": _PARQUET,
        "includes": "metadata/*.parquet",
    }


def _file_objects(files: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "contentUrl": path,
            "contentSize": f"{facts['bytes']} B",
            "encodingFormat": _media_type(path),
            "sha256": facts["sha256"],
        }
        for path, facts in files.items()
    ]


def _media_type(path: str) -> str:
    known = {"parquet": _PARQUET, "md": "text/markdown", "json": "application/json", "tar": "application/x-tar"}
    return known.get(path.rpartition(".")[2], "application/octet-stream" if "." in path else "text/plain")


def _record_set(manifest: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows: their columns, and for all of them whence they come and by which licences they may be used."""
    return {
        "@type": "cr:RecordSet",
        "@id": PAIRS,
        "name": PAIRS,
        "description": "One row for each picture with its caption.",
        "key": [{"@id": f"{PAIRS}/source"}, {"@id": f"{PAIRS}/id"}],
        "sc:license": sorted(manifest["rows_by_license"]),
        "prov:wasDerivedFrom": [{"@id": source["@id"]} for source in sources],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{PAIRS}/{column.name}",
                "name": column.name,
                "description": f"{column.meaning}{f' Unit: {column.unit}.' if column.unit else ''}",
                "dataType": _data_type(column.name, column.dtype),
                "source": {"fileSet": {"@id": _FILES}, "extract": {"column": column.name}},
            }
            for column in RELEASE.columns
        ],
    }


def _data_type(name: str, dtype: pl.DataType) -> str:
    if name in _ADDRESSES:
        return "sc:URL"
    if dtype.is_integer():
        return "sc:Integer"
    if dtype.is_float():
        return "sc:Float"
    return "sc:DateTime" if dtype.is_temporal() else "sc:Text"
