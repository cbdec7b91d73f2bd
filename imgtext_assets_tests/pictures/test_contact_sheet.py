"""Contact sheets: small, in order, and safe."""

import io

import numpy as np
import pytest
from PIL import Image

from imgtext_assets.pictures import contact_sheet
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph


def test_pictures_stand_side_by_side_in_order_and_what_does_not_open_is_grey():
    red, blue = (encode(Image.new("RGB", (40, 90), colour)) for colour in ("red", "blue"))
    sheet = Image.open(io.BytesIO(contact_sheet([red, b"no picture", blue], SETTINGS)))
    assert (sheet.format, sheet.size) == ("JPEG", (288, 96))
    colours = [sheet.getpixel((x, 48)) for x in (48, 144, 240)]
    expected = np.array([(254, 0, 0), (136, 136, 136), (0, 0, 254)])
    assert np.abs(np.array(colours) - expected).max() < 8


def test_eight_photographs_stay_under_30_kb():
    names = [
        "astronaut.png",
        "coffee.png",
        "chelsea.png",
        "rocket.jpg",
        "camera.png",
        "retina.jpg",
        "moon.png",
        "grass.png",
    ]
    assert len(contact_sheet([encode(photograph(name)) for name in names], SETTINGS)) < 30_000


def test_a_sheet_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], SETTINGS)
