"""A partition is a shard: at most 100,000 rows of one source, named `<source>-<00000>`."""

import dagster as dg

shards = dg.DynamicPartitionsDefinition(name="shard")
