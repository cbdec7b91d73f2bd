"""Tests, room by room as in `imgtext_assets`; `web` is the hostile web that they run against."""
