"""Fingerprints: imagehash's bits, and a mark on those that say nothing."""

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from PIL import Image

from imgtext_assets.pictures import fingerprint, open_picture
from imgtext_assets_tests.pictures.files import SETTINGS, encode, flat, gradient, photograph

PHOTOGRAPHS = ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "camera.png", "retina.jpg", "text.png"]


def assert_is_imagehash(data: bytes) -> None:
    mine, picture = fingerprint(data, SETTINGS), open_picture(data, SETTINGS)
    assert f"{mine.phash:016x}" == str(imagehash.phash(picture))
    assert mine.phash256.hex() == str(imagehash.phash(picture, hash_size=16))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_hashes_are_bit_for_bit_imagehashs(name, kind):
    assert_is_imagehash(encode(photograph(name), kind))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_hashes_are_imagehashs_in_every_mode(mode):
    assert_is_imagehash(encode(photograph().convert(mode), "TIFF"))


@settings(max_examples=50)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=70)))
def test_hashes_are_imagehashs_for_any_pixels(pixels):
    assert_is_imagehash(encode(Image.fromarray(pixels), "PNG"))


def test_a_turned_picture_hashes_as_it_is_seen():
    picture = photograph()
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encode(picture.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    assert fingerprint(turned, SETTINGS) == fingerprint(encode(picture, "PNG"), SETTINGS)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_say_something_and_keep_their_hash_when_recompressed(name):
    whole, again = (fingerprint(encode(photograph(name), quality=q), SETTINGS) for q in (95, 60))
    assert not whole.low_information
    assert (whole.phash ^ again.phash).bit_count() <= 4


@pytest.mark.parametrize(
    "picture",
    [flat(0), flat(128), flat(255), gradient(), gradient().rotate(90), Image.linear_gradient("L"), flat(9, (1, 1))],
    ids=["black", "grey", "white", "diagonal", "turned", "linear", "dot"],
)
def test_flat_pictures_and_gradients_say_nothing(picture):
    assert fingerprint(encode(picture, "PNG"), SETTINGS).low_information


def test_an_exact_symmetry_says_nothing():
    board = np.indices((256, 256)).sum(0) // 32 % 2 * 255
    assert fingerprint(encode(Image.fromarray(board.astype(np.uint8)), "PNG"), SETTINGS).low_information


def test_pixels_are_counted():
    assert fingerprint(encode(flat(size=(300, 200))), SETTINGS).pixels == 60_000
