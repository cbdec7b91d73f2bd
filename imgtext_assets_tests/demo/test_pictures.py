"""The sample's pictures are free to use, and no two of them are near-duplicates."""

import importlib.util
import io
import re
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from imgtext_assets.demo.pictures import PHOTOGRAPHS, Photograph, all_pictures, jpeg, png


def hash_bits(image: Image.Image) -> np.ndarray:
    return np.asarray(imagehash.phash(image).hash).ravel()


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda photograph: photograph.file)
def test_the_claim_to_each_photograph_stands_in_scikit_image(photograph: Photograph) -> None:
    spec = importlib.util.find_spec("skimage")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = (Path(spec.submodule_search_locations[0]) / "data" / "_fetchers.py").read_text(encoding="utf-8")
    functions = source.split("\ndef ")
    [documentation] = [text for text in functions if f"/{photograph.file}" in text]
    prose = re.sub(r"\s*<[^>]*>(?=`_)|`_*", "", " ".join(documentation.split()))
    assert photograph.claim in prose


def test_there_are_enough_pictures_and_each_has_its_name() -> None:
    names = [picture.slug for picture in all_pictures()]
    assert len(names) == 210
    assert len(set(names)) == len(names)


def test_no_two_pictures_look_alike() -> None:
    hashes = np.array([hash_bits(picture.image(160)) for picture in all_pictures()])
    distances = (hashes[:, None] != hashes[None]).sum(axis=2)
    others = distances[~np.eye(len(hashes), dtype=bool)]
    assert others.min() > 12  # three times the default policy's radius


def test_pictures_come_in_the_size_that_is_asked_for() -> None:
    for picture in all_pictures()[::9]:
        image = picture.image(320)
        assert max(image.size) == 320
        assert image.mode in ("RGB", "L")


def test_the_same_picture_is_the_same_file_each_time() -> None:
    picture = all_pictures()[20]
    assert jpeg(picture.image()) == jpeg(picture.image())


def test_files_are_what_they_say() -> None:
    image = all_pictures()[1].image(300)
    assert Image.open(io.BytesIO(jpeg(image))).format == "JPEG"
    lossless = Image.open(io.BytesIO(png(image)))
    assert lossless.format == "PNG"
    assert lossless.tobytes() == image.tobytes()
