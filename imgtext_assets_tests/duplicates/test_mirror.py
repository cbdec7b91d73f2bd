"""Mirrored hashes: near to the hash of the mirrored picture, and far from all others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from imgtext_assets.demo.pictures import Picture, all_pictures, jpeg, png
from imgtext_assets.duplicates.mirror import mirrored, mirrored256
from imgtext_assets.pictures import Fingerprint, fingerprint
from imgtext_assets_tests.pictures.files import SETTINGS

WHOLE = [picture for picture in all_pictures() if picture.part is None]


def bits(difference: np.ndarray) -> int:
    return int(np.bitwise_count(difference).sum())


def hashes(seen: Fingerprint) -> tuple[np.ndarray, np.ndarray]:
    return np.array([seen.phash], np.uint64), np.frombuffer(seen.phash256, np.uint8)


@pytest.mark.parametrize("encode", [png, jpeg])
@pytest.mark.parametrize("picture", WHOLE, ids=lambda picture: picture.slug)
def test_they_are_near_the_hashes_of_the_mirrored_picture(picture: Picture, encode):
    image = picture.image()
    coarse, fine = hashes(fingerprint(encode(image), SETTINGS))
    coarse_mirrored, fine_mirrored = hashes(fingerprint(encode(ImageOps.mirror(image)), SETTINGS))
    assert bits(mirrored(coarse) ^ coarse_mirrored) <= 8
    assert bits(mirrored256(fine) ^ fine_mirrored) <= 40
    assert bits(coarse ^ coarse_mirrored) > 16


@given(st.integers(0, 2**64 - 1))
def test_mirrored_twice_is_the_hash_itself_and_once_is_far_from_it(number):
    hash_ = np.array([number], np.uint64)
    assert mirrored(mirrored(hash_)) == hash_
    assert bits(mirrored(hash_) ^ hash_) == 32


@given(st.binary(min_size=64, max_size=64))
def test_256_bits_may_be_cut_in_any_way(data):
    in_bytes = mirrored256(np.frombuffer(data, np.uint8).reshape(2, 32))
    in_words = mirrored256(np.frombuffer(data, np.uint64).reshape(2, 4))
    assert in_bytes.tobytes() == in_words.tobytes()


def test_the_hash_of_a_wave_turns_in_the_odd_columns():
    """One cosine of an odd frequency along x: its coefficient is the only one that the mirror turns."""
    x = (np.arange(32) + 0.5) / 32
    rough = np.random.default_rng(1).normal(0, 12, (32, 32))
    pixels = np.clip(128 + 60 * np.cos(3 * np.pi * x)[None, :] + rough, 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels)
    one, other = (hashes(fingerprint(png(each), SETTINGS))[0] for each in (image, ImageOps.mirror(image)))
    third_column = np.uint64(1 << (63 - 3))
    assert (one ^ other) & third_column
    assert not (mirrored(one) ^ other) & third_column
