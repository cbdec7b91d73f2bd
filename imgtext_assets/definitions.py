"""What Dagster loads: all definitions for the catalog at `$IMGTEXT_CATALOG`, else `data/catalog.yaml`."""

from imgtext_assets.defs.build import build_defs

defs = build_defs()
