"""What files say about rights, wherever they say it."""

import io

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from imgtext_assets.pictures import open_picture, rights_text
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

PICTURE = photograph().resize((32, 32))
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def xmp(properties: str, attributes: str = "", before: str = "") -> bytes:
    return (
        f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">'
        f'<rdf:Description {attributes}>{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def says(data: bytes) -> str | None:
    return rights_text(open_picture(data, SETTINGS))


def exif(copyright: str | bytes | None = None, artist: str | None = None) -> Image.Exif:
    tags = Image.Exif()
    if copyright is not None:
        tags[0x8298] = copyright
    if artist is not None:
        tags[0x013B] = artist
    return tags


def iptc(notice: bytes) -> bytes:
    """A JPEG whose APP13 segment holds an IPTC copyright notice (IPTC-IIM 4.2 in a Photoshop image resource)."""
    dataset = b"\x1c\x02\x74" + len(notice).to_bytes(2, "big") + notice
    dataset += b"\0" * (len(dataset) % 2)
    resource = b"8BIM\x04\x04\0\0" + len(dataset).to_bytes(4, "big") + dataset
    segment = b"Photoshop 3.0\0" + resource
    data = encode(PICTURE)
    return data[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]


def test_a_file_without_metadata_says_nothing():
    assert says(encode(PICTURE)) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_copyright_and_artist_are_read(kind):
    assert says(encode(PICTURE, kind, exif=exif("(c) 2019 A. Nyman", "A. Nyman"))) == "(c) 2019 A. Nyman; A. Nyman"


def test_exif_in_utf8_is_read_as_such():
    assert says(encode(PICTURE, exif=exif("© Åse".encode()))) == "© Åse"


def test_photographer_and_editor_are_both_given_and_blanks_are_none():
    assert says(encode(PICTURE, exif=exif("Jane\0Editor Ltd"))) == "Jane Editor Ltd"
    assert says(encode(PICTURE, exif=exif("   \n "))) is None


@pytest.mark.parametrize(("notice", "text"), [("© Åse".encode(), "© Åse"), ("© Åse".encode("latin-1"), "© Åse")])
def test_the_iptc_notice_is_read(notice, text):
    assert says(iptc(notice)) == text


@pytest.mark.parametrize(
    "packet",
    [
        xmp('<dc:rights><rdf:Alt>\n <rdf:li xml:lang="x-default">© Jo &amp; Co</rdf:li>\n</rdf:Alt></dc:rights>'),
        xmp("<xmpRights:UsageTerms><rdf:Alt><rdf:li>© Jo &amp; Co</rdf:li></rdf:Alt></xmpRights:UsageTerms>"),
        xmp("", 'dc:rights="© Jo &amp; Co"'),
        xmp("<photoshop:Copyright>© Jo <![CDATA[& Co]]></photoshop:Copyright>"),
        xmp("<dc:creator>Somebody</dc:creator><dc:rights>© Jo &amp; Co</dc:rights><dc:title>A title</dc:title>"),
    ],
)
def test_xmp_rights_are_read_in_each_form(packet):
    assert says(encode(PICTURE, xmp=packet)) == "© Jo & Co"


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "TIFF", "PNG"])
def test_xmp_is_read_in_each_format(kind):
    packet = xmp("<dc:rights>No copying</dc:rights>")
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        assert says(encode(PICTURE, kind, pnginfo=info)) == "No copying"
    elif kind == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700] = packet
        assert says(encode(PICTURE, kind, tiffinfo=tags)) == "No copying"
    else:
        assert says(encode(PICTURE, kind, xmp=packet)) == "No copying"


def test_the_same_text_is_given_once():
    packet = xmp("<dc:rights>(c) Jo</dc:rights>")
    assert says(encode(PICTURE, exif=exif("(c) Jo", "Jo"), xmp=packet)) == "(c) Jo; Jo"


@pytest.mark.parametrize(
    "packet",
    [
        b"not xml",
        xmp("<dc:rights>unclosed"),
        xmp("<dc:rights>&x;</dc:rights>", before='<!DOCTYPE x [<!ENTITY x "secret">]>'),
        xmp("<dc:rights>&x;</dc:rights>", before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    ],
    ids=["no xml", "unclosed", "entity", "external entity"],
)
def test_hostile_xmp_says_nothing_and_hides_nothing_else(packet):
    assert says(encode(PICTURE, exif=exif("(c) Jo"), xmp=packet)) == "(c) Jo"


def test_long_texts_are_cut():
    text = says(encode(PICTURE, exif=exif("All rights reserved. " * 1000)))
    assert text is not None
    assert len(text) == 500


def test_the_picture_may_come_from_anywhere():
    picture = Image.open(io.BytesIO(encode(PICTURE, exif=exif("(c) Jo"))))
    assert rights_text(picture) == "(c) Jo"
