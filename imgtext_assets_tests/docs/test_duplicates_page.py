"""What the page on near-duplicates says of the rules and their defaults is so."""

import numpy as np

from imgtext_assets.duplicates import clusters
from imgtext_assets.duplicates.mirror import mirrored
from imgtext_assets.policies import DuplicatePolicy
from imgtext_assets_tests.docs.markdown import DOCS, table_rows

PAGE = DOCS / "duplicates.md"
TEXT = " ".join(PAGE.read_text(encoding="utf-8").split())


def test_its_defaults_are_the_policys():
    policy = DuplicatePolicy()
    assert f"`radius` = {policy.radius}" in TEXT
    assert f"`confirm` = {policy.confirm}" in TEXT
    assert f"`mirrored` (default `{policy.mirrored}`)" in TEXT


def test_it_names_every_rule_in_order():
    said = [row[0].strip("`") for row in table_rows(PAGE)]
    assert [rule for rule in said if rule in clusters.RULES] == list(clusters.RULES)


def test_a_picture_is_as_far_as_it_says_from_its_own_mirrored_hash():
    own = np.arange(1000, dtype=np.uint64)
    assert set(np.bitwise_count(own ^ mirrored(own))) == {32}
    assert "32 bits from its own" in TEXT
