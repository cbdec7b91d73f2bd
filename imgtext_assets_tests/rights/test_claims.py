"""Stated claims: which texts claim rights, and which only talk of them."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.rights import claims_rights, text_claims_rights

CLAIMS = [
    "©", "A bird. © 2019 Ann Smith", "(c) 2019 Ann", "(C)2019", "All rights reserved.", "ALL RIGHTS RESERVED",
    "some rights reserved", "Copyright 2019", "copyright Ann Smith", "COPYRIGHT: ann", "Copyright (c) ann",
    "copyright by ann", "Copyright, 1999", "This photo is copyrighted.", "Public domain? No: © Ann",
    "no known copyright restrictions, © Ann", "CC0, all rights reserved", "Ⓒ Ann", "all right reserved",
    "No copyright infringement intended. Copyright 2020 Ann",
]  # fmt: skip
NO_CLAIMS = [
    "", "A bird.", "Public domain", "CC0", "no rights reserved", "No known copyright restrictions", "no copyright",
    "free of copyright", "copyright-free photo", "copyright free", "not copyrighted", "uncopyrighted",
    "non-copyrighted", "the Copyright Office in Washington", "a talk on copyright law", "COPYRIGHT ACT 1976",
    "copyright expired", "Copyright has expired", "out of copyright", "copyright waived", "a copywriter in 1999",
    "copyright infringement", "panel (a), (b) and (c) of the figure", "without any copyright",
    "No copyright claims",
]  # fmt: skip


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_is_found(text):
    assert text_claims_rights(text)


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_talk_of_copyright_is_no_claim(text):
    assert not text_claims_rights(text)


def test_a_null_text_claims_nothing():
    assert pl.select(claims_rights(pl.lit(None, pl.String))).item() is None


words = st.lists(st.sampled_from([*CLAIMS, *NO_CLAIMS]) | st.text(max_size=8), max_size=6)


@given(words.map(" ".join))
def test_polars_and_python_judge_alike(text):
    assert pl.select(claims_rights(pl.lit(text))).item() == text_claims_rights(text)
