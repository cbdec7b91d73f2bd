"""The data dictionary: what it promises of every table, and the laws of `conform` and `reject`."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.tables import BY_NAME, MADE_FROM, RAW_METADATA, REASONS, STAGES, TABLES, Table, goes_on, reject

WORDS = ["first", "second", "third"]
# For each row, whether each of three rules holds: true, false or unknown.
VERDICTS = st.lists(st.tuples(*[st.sampled_from([True, False, None])] * 3), max_size=30)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_one_name_and_a_meaning(table: Table) -> None:
    assert max(Counter(column.name for column in table.columns).values()) == 1
    for column in (*table.columns, table):
        assert column.meaning.endswith("."), column.name
    assert set(table.adds) <= set(table.schema)
    assert BY_NAME[table.name] is table


def test_every_stage_keeps_the_columns_of_the_one_before() -> None:
    for before, after in pairwise(STAGES):
        assert dict(before.schema).items() <= dict(after.schema).items()
        assert set(after.schema) - set(before.schema) == set(after.adds)
        assert list(after.schema)[-2:] == ["reject_reason", "reject_detail"]


def test_every_added_column_says_what_it_is_made_from() -> None:
    for before, after in pairwise(STAGES):
        for column in after.adds:
            assert set(MADE_FROM[column]) <= set(before.schema), column


def test_reasons_are_words_with_a_meaning() -> None:
    assert set(REASONS) == {table.name for table in STAGES}
    for reasons in REASONS.values():
        for word, meaning in reasons.items():
            assert word.replace("_", "a").isalnum()
            assert word.islower()
            assert meaning.endswith(".")


@given(st.lists(st.sampled_from(sorted(RAW_METADATA.schema)), unique=True), st.integers(0, 5))
def test_conform_gives_exactly_the_table_and_loses_no_row(names: list[str], rows: int) -> None:
    frame = pl.DataFrame({name: [None] * rows for name in ["other", *names]})
    made = RAW_METADATA.conform(frame.lazy()).collect()
    assert made.schema == RAW_METADATA.schema
    assert made.height == rows
    assert RAW_METADATA.conform(made.lazy()).collect().equals(made)


def test_conform_refuses_a_value_that_does_not_fit() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        RAW_METADATA.conform(pl.LazyFrame({"width": ["wide"]})).collect()


def judged(verdicts: list[tuple[bool | None, ...]]) -> pl.DataFrame:
    frame = pl.DataFrame(verdicts, dict.fromkeys(WORDS, pl.Boolean), orient="row")
    rules = [(pl.col(word), word, pl.lit(f"because of the {word}")) for word in WORDS]
    return reject(frame.lazy(), rules).collect()


@given(VERDICTS)
def test_a_row_is_rejected_by_the_first_rule_that_holds(verdicts: list[tuple[bool | None, ...]]) -> None:
    made = judged(verdicts)
    first = [next((word for word, holds in zip(WORDS, row, strict=True) if holds), None) for row in verdicts]
    assert made["reject_reason"].to_list() == first
    assert made["reject_detail"].to_list() == [word and f"because of the {word}" for word in first]


@given(VERDICTS)
def test_rows_in_are_kept_and_rejected(verdicts: list[tuple[bool | None, ...]]) -> None:
    made = judged(verdicts)
    kept = goes_on(made.lazy()).collect()
    assert made.height == len(verdicts) == kept.height + made["reject_reason"].is_not_null().sum()
    assert made.select(WORDS).rows() == verdicts
    assert not kept.select(pl.any_horizontal(pl.col(WORDS).fill_null(False)).any()).item() or kept.is_empty()


def test_no_rule_rejects_nothing() -> None:
    made = reject(pl.LazyFrame({"a": [1, 2]}), []).collect()
    assert made["reject_reason"].to_list() == made["reject_detail"].to_list() == [None, None]
    assert made.schema["reject_reason"] == pl.String
