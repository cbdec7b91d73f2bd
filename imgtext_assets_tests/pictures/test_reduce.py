"""Reducing pictures: Pillow's pixels, for any picture."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import imgtext_assets
from imgtext_assets.pictures import reduce
from imgtext_assets.pictures.reduce import reduced
from imgtext_assets_tests.pictures.files import PHOTOGRAPHS

SIDES = [8, 32, 64]
NAMES = sorted(path.name for path in PHOTOGRAPHS.iterdir() if path.suffix in (".png", ".jpg", ".gif"))


def pillow(pixels: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).convert("L").resize((side, side), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("name", NAMES)
def test_photographs_are_reduced_as_pillow_does(name):
    with Image.open(PHOTOGRAPHS / name) as picture:
        colour = np.asarray(picture.convert("RGB"))
    for side in SIDES:
        assert np.array_equal(reduced(colour, side), pillow(colour, side))
        assert np.array_equal(reduced(colour[:, :, 1], side), pillow(np.ascontiguousarray(colour[:, :, 1]), side))


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.sampled_from([1, 3]),
    st.sampled_from(SIDES),
    st.sampled_from([256, 2]),
    st.integers(0, 2**32 - 1),
)
def test_any_pixels_of_any_size_are_reduced_as_pillow_does(width, height, bands, side, levels, seed):
    # Of two levels, black and white only: the sums that are clipped.
    drawn = np.random.default_rng(seed).integers(0, levels, (height, width, bands)) * (255 // (levels - 1))
    pixels = drawn.astype(np.uint8) if bands == 3 else drawn[:, :, 0].astype(np.uint8)
    assert np.array_equal(reduced(pixels, side), pillow(pixels, side))


ODD = [(1, 1), (32, 32), (64, 32), (32, 64), (32, 500), (500, 32), (1, 20_000), (20_000, 1), (7, 9001), (2500, 6000)]


@pytest.mark.parametrize("size", ODD)
def test_odd_shapes_are_reduced_as_pillow_does(size):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    for side in SIDES:
        assert np.array_equal(reduced(pixels, side), pillow(pixels, side))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 400), st.sampled_from(SIDES), st.integers(-3, 3), st.integers(0, 2**32 - 1))
def test_tall_pictures_are_reduced_in_pillows_order(width, side, beyond, seed):
    height = max(2 * width - side + beyond, 1)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    assert np.array_equal(reduced(pixels, side), pillow(pixels, side))


def test_views_of_pixels_are_reduced_as_they_are_seen():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    turned = pixels[::-1].swapaxes(0, 1)
    assert np.array_equal(reduced(turned, 32), reduced(turned.copy(), 32))


def test_the_machine_code_needs_no_place_to_be_stored(tmp_path):
    """As in an installation that cannot be written, for a user without a home: compiled, and not kept."""
    script = (
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes.clear()\n"
        "import numpy as np\n"
        "from imgtext_assets.pictures import kernels\n"
        "from imgtext_assets.pictures.reduce import reduced\n"
        "assert not kernels.along_rows._cache.__class__.__name__ == 'FunctionCache'\n"
        "assert reduced(np.full((50, 60, 3), 7, np.uint8), 32).tolist() == [[7] * 32] * 32\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(imgtext_assets.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path, env=environment)


def test_the_weights_of_long_pictures_are_not_kept():
    reduce._kept.cache_clear()
    for size in (16_384, 16_385, 1_000_000):
        assert reduced(np.full((1, size), 9, np.uint8), 8).tolist() == [[9] * 8] * 8
    assert reduce._kept.cache_info().currsize == 2  # of 16,384 and of 1


def test_machine_code_that_was_stored_in_part_is_compiled_anew(tmp_path):
    """As after a power cut: an index (.nbi) that is empty, one that is cut, and code (.nbc) that is cut."""
    script = (
        "import numpy as np\n"
        "from imgtext_assets.pictures.reduce import reduced\n"
        "assert reduced(np.full((50, 60, 3), 7, np.uint8), 32).tolist() == [[7] * 32] * 32\n"
    )
    roots = {"PYTHONPATH": str(Path(imgtext_assets.__file__).parents[1]), "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=tmp_path, env=os.environ | roots)
    stored = {path.name.split("-")[0].split(".")[-1]: path for path in tmp_path.rglob("*.nbi")}
    code = next(path for path in tmp_path.rglob("*.nbc") if "along_columns" in path.name)
    stored["lanczos"].write_bytes(b"")
    for path in (stored["along_rows"], code):
        path.write_bytes(path.read_bytes()[:-20])
    subprocess.run(command, check=True, cwd=tmp_path, env=os.environ | roots)
