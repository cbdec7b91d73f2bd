"""Fingerprints: imagehash's bits, or near to them, and a mark on those that say nothing."""

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from PIL import Image

from imgtext_assets.pictures import PictureError, fingerprint, inspect, open_picture
from imgtext_assets.pictures.fingerprint import TOLERANCE, TOLERANCE_256
from imgtext_assets_tests.pictures.files import SETTINGS, encode, flat, gradient, photograph

PHOTOGRAPHS = ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "camera.png", "retina.jpg", "text.png"]


def assert_is_imagehash(data: bytes) -> None:
    mine, picture = fingerprint(data, SETTINGS), open_picture(data, SETTINGS)
    assert f"{mine.phash:016x}" == str(imagehash.phash(picture))
    assert mine.phash256.hex() == str(imagehash.phash(picture, hash_size=16))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_hashes_are_bit_for_bit_imagehashs(name, kind):
    assert_is_imagehash(encode(photograph(name), kind))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_hashes_are_imagehashs_in_every_mode(mode):
    assert_is_imagehash(encode(photograph().convert(mode), "TIFF"))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("size", [(1024, 768), (500, 667), (2000, 500), (300, 900)])
@pytest.mark.parametrize("coding", [{"quality": 95}, {"quality": 60, "progressive": True}])
def test_a_jpegs_hashes_are_near_imagehashs(name, size, coding):
    data = encode(photograph(name).resize(size), **coding)
    mine, picture = fingerprint(data, SETTINGS), open_picture(data, SETTINGS)
    assert (mine.phash ^ int(str(imagehash.phash(picture)), 16)).bit_count() <= TOLERANCE
    fine = int(str(imagehash.phash(picture, hash_size=16)), 16)
    assert (int.from_bytes(mine.phash256) ^ fine).bit_count() <= TOLERANCE_256


@pytest.mark.parametrize("size", [(96, 300), (150, 80), (64, 64)])
def test_a_small_grey_jpegs_hashes_are_imagehashs(size):
    assert_is_imagehash(encode(photograph().convert("L").resize(size)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_hashes_as_it_is_seen(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(photograph("coffee.png"), exif=exif)
    mine, exact = fingerprint(data, SETTINGS), inspect(data, SETTINGS).phash
    assert exact is not None
    assert (mine.phash ^ exact).bit_count() <= TOLERANCE


@pytest.mark.parametrize("picture", [flat(128, (900, 700)), gradient().resize((900, 700))], ids=["flat", "gradient"])
def test_a_large_jpeg_that_says_nothing_is_marked(picture):
    assert fingerprint(encode(picture, quality=80), SETTINGS).low_information


def test_damage_is_told_though_the_picture_is_decoded_smaller():
    data = encode(photograph().resize((1024, 768)))
    for spoilt in (data[: len(data) // 2], data[:-2], data[:30_000] + bytes(300) + data[30_300:]):
        with pytest.raises(PictureError, match="damaged"):
            fingerprint(spoilt, SETTINGS)


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
