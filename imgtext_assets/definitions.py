"""What Dagster loads: all definitions for the catalog at its default place, `$IMGTEXT_CATALOG` or `data/catalog.yaml`."""

from imgtext_assets.defs.build import build_defs

defs = build_defs()
