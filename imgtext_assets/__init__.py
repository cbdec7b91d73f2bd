"""Open image-text datasets as Dagster assets: every row accounted for, links rechecked, removals that stay."""
