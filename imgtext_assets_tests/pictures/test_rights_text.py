"""What files say about rights, wherever they say it."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin, TiffImagePlugin

from imgtext_assets.pictures import open_picture
from imgtext_assets.pictures.rights_text import MAX_CHARACTERS, FileRights, file_rights
from imgtext_assets.pictures.xmp import MAX_BYTES, MAX_DEPTH, MAX_VALUES, properties
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

PICTURE = photograph().resize((32, 32))
DC_RIGHTS = "http://purl.org/dc/elements/1.1/ rights"
PROHIBITED = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING"
NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "cc": "http://creativecommons.org/ns#",
    "oldcc": "http://web.resource.org/cc/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}


def xmp(properties: str, attributes: str = "", before: str = "") -> bytes:
    declared = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
    return (
        f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>{before}<x:xmpmeta {declared}><rdf:RDF>'
        f'<rdf:Description {attributes}>{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def said(data: bytes) -> FileRights:
    return file_rights(open_picture(data, SETTINGS))


def claim(data: bytes) -> str | None:
    return said(data).claim


def exif(copyright: str | bytes | int | None = None, artist: str | None = None) -> Image.Exif:
    tags = Image.Exif()
    if copyright is not None:
        tags[0x8298] = copyright
    if artist is not None:
        tags[0x013B] = artist
    return tags


def with_segments(*segments: tuple[int, bytes]) -> bytes:
    """A JPEG with application segments: (marker's second byte, content)."""
    data = encode(PICTURE)
    written = [b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments]
    return data[:2] + b"".join(written) + data[2:]


def datasets(**texts: bytes) -> bytes:
    """IPTC-IIM 4.2 datasets of record 2."""
    numbers = {"instructions": 40, "byline": 80, "notice": 116}
    return b"".join(b"\x1c\x02" + bytes([numbers[n]]) + struct.pack(">H", len(t)) + t for n, t in texts.items())


def iptc(**texts: bytes) -> bytes:
    """A JPEG whose APP13 segment holds IPTC datasets in a Photoshop image resource."""
    body = datasets(**texts)
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(body)) + body + b"\0" * (len(body) % 2)
    return with_segments((0xED, b"Photoshop 3.0\0" + resource))


def with_xmp(kind: str, packet: bytes) -> bytes:
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        return encode(PICTURE, kind, pnginfo=info)
    if kind == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700] = packet
        return encode(PICTURE, kind, tiffinfo=tags)
    return encode(PICTURE, kind, xmp=packet)


def test_a_file_without_metadata_says_nothing():
    assert said(encode(PICTURE)) == FileRights(None, None, None)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_copyright_and_artist_are_read(kind):
    data = encode(PICTURE, kind, exif=exif("(c) 2019 A. Nyman", "A. Nyman"))
    assert claim(data) == "copyright: (c) 2019 A. Nyman; artist: A. Nyman"


def test_exif_in_utf8_is_read_as_such():
    assert claim(encode(PICTURE, exif=exif("© Åse".encode()))) == "copyright: © Åse"


def test_photographer_and_editor_are_both_given_and_blanks_are_none():
    assert claim(encode(PICTURE, exif=exif("Jane\0Editor Ltd"))) == "copyright: Jane Editor Ltd"
    assert claim(encode(PICTURE, exif=exif("   \n "))) is None


@pytest.mark.parametrize("notice", ["© Åse".encode(), "© Åse".encode("latin-1")])
def test_the_iptc_notice_is_read(notice):
    assert claim(iptc(notice=notice)) == "copyright: © Åse"


def test_iptc_instructions_are_read_and_other_datasets_are_not():
    data = iptc(instructions=b"No use without permission", byline=b"Jo", notice=b"Jo 2019")
    assert claim(data) == "copyright: Jo 2019; instructions: No use without permission"


def test_iptc_in_a_tiff_is_read():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[33723] = datasets(notice=b"(c) Jo")
    tags.tagtype[33723] = 7
    assert claim(encode(PICTURE, "TIFF", tiffinfo=tags)) == "copyright: (c) Jo"


@pytest.mark.parametrize("add", ["add_text", "add_itxt"])
@pytest.mark.parametrize("key", ["Copyright", "copyright"])
def test_the_copyright_text_of_a_png_is_read(add, key):
    info = PngImagePlugin.PngInfo()
    getattr(info, add)(key, "© Jo")
    info.add_text("Software", "a camera")
    assert claim(encode(PICTURE, "PNG", pnginfo=info)) == "copyright: © Jo"


@pytest.mark.parametrize(
    "packet",
    [
        xmp('<dc:rights><rdf:Alt>\n <rdf:li xml:lang="x-default">© Jo &amp; Co</rdf:li>\n</rdf:Alt></dc:rights>'),
        xmp("", 'dc:rights="© Jo &amp; Co"'),
        xmp("<photoshop:Copyright>© Jo <![CDATA[& Co]]></photoshop:Copyright>"),
        xmp("<dc:creator>Somebody</dc:creator><dc:rights>© Jo &amp; Co</dc:rights><dc:title>A title</dc:title>"),
        xmp("<dc:rights>© Jo &amp; Co</dc:rights>").decode().encode("utf-16"),
    ],
    ids=["list", "attribute", "cdata", "among others", "utf-16"],
)
def test_xmp_rights_are_read_in_each_form(packet):
    assert claim(encode(PICTURE, xmp=packet)) == "copyright: © Jo & Co"


def test_every_language_of_a_statement_is_read():
    languages = "<rdf:li>All rights reserved</rdf:li><rdf:li>Alle Rechte vorbehalten</rdf:li>"
    packet = xmp(f"<xmpRights:UsageTerms><rdf:Alt>{languages}</rdf:Alt></xmpRights:UsageTerms>")
    assert (
        claim(encode(PICTURE, xmp=packet)) == "usage terms: All rights reserved; usage terms: Alle Rechte vorbehalten"
    )


@pytest.mark.parametrize(
    ("marked", "said_"),
    [
        ("True", "marked as: copyrighted"),
        ("true", "marked as: copyrighted"),
        ("False", "marked as: public domain"),
        ("?", None),
    ],
)
def test_a_picture_is_marked_as_copyrighted_or_public_domain(marked, said_):
    assert claim(encode(PICTURE, xmp=xmp(f"<xmpRights:Marked>{marked}</xmpRights:Marked>"))) == said_


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "TIFF", "PNG"])
def test_xmp_is_read_in_each_format(kind):
    packet = xmp(
        '<dc:rights>No copying</dc:rights><cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>'
        f"<plus:DataMining>{PROHIBITED}</plus:DataMining>"
    )
    expected = FileRights("copyright: No copying", "https://creativecommons.org/licenses/by/4.0/", PROHIBITED)
    assert said(with_xmp(kind, packet)) == expected


@pytest.mark.parametrize(
    ("properties", "attributes", "license_"),
    [
        ('<cc:license rdf:resource="by"/>', "", "by"),
        ('<oldcc:license rdf:resource="by"/>', "", "by"),
        ("", 'cc:license="by"', "by"),
        ("<xmpRights:WebStatement>web</xmpRights:WebStatement>", 'cc:license="by"', "by"),
        ("<dc:rights>dc</dc:rights><xmpRights:WebStatement>web</xmpRights:WebStatement>", "", "web"),
        ("<dc:rights>dc</dc:rights><xmpRights:UsageTerms>terms</xmpRights:UsageTerms>", "", "terms"),
        ("<dc:rights>dc</dc:rights>", 'cc:license=" "', "dc"),
    ],
)
def test_the_files_own_licence_is_the_plainest_statement_of_one(properties, attributes, license_):
    assert said(encode(PICTURE, xmp=xmp(properties, attributes))).license == license_


@pytest.mark.parametrize(
    "packet",
    [
        xmp("", f'plus:DataMining="{PROHIBITED}"'),
        xmp(f"<plus:DataMining>\n {PROHIBITED} \n</plus:DataMining>"),
        xmp(f'<plus:DataMining rdf:resource="{PROHIBITED}"/>'),
    ],
)
def test_the_word_on_data_mining_is_read_in_each_form(packet):
    assert said(encode(PICTURE, xmp=packet)).data_mining == PROHIBITED


def test_all_xmp_segments_of_a_jpeg_are_read_and_extended_ones_are_put_together():
    extended = xmp("<dc:rights>© Jo</dc:rights>" + "<dc:title>x</dc:title>" * 3_000)
    pieces = [(n, extended[n : n + 40_000]) for n in range(0, len(extended), 40_000)]
    header = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32
    segments = [(0xE1, header + struct.pack(">II", len(extended), n) + piece) for n, piece in reversed(pieces)]
    standard = b"http://ns.adobe.com/xap/1.0/\0" + xmp("<xmpRights:Marked>True</xmpRights:Marked>")
    data = with_segments((0xE1, standard), *segments, (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp("")))
    assert len(pieces) > 1
    assert claim(data) == "copyright: © Jo; marked as: copyrighted"


def test_the_same_statement_is_given_once():
    packet = xmp("<dc:rights>(c) Jo</dc:rights>")
    assert claim(encode(PICTURE, exif=exif("(c) Jo", "Jo"), xmp=packet)) == "copyright: (c) Jo; artist: Jo"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "packet",
    [
        b"not xml",
        b"\0" * 1000,
        b"\xff\xfe<\0x\0",
        b'<?xml version="1.0" encoding="no-such"?><x/>',
        xmp("<dc:rights>unclosed"),
        xmp("<dc:rights>©</dc:rights>").replace("©".encode(), b"\xa9"),
        xmp("<dc:rights>&x;</dc:rights>", before='<!DOCTYPE x [<!ENTITY x "secret">]>'),
        xmp("<dc:rights>&x;</dc:rights>", before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        xmp("<dc:rights>&l9;</dc:rights>", before=f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]>'),
        xmp("<dc:rights>(c) Ann</dc:rights>", before='<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'),
        xmp("<x:a>" * (MAX_DEPTH + 1) + "<dc:rights>deep</dc:rights>" + "</x:a>" * (MAX_DEPTH + 1)),
    ],
    ids=["no xml", "nul", "half utf-16", "encoding", "unclosed", "latin-1", "entity", "external entity", "laughs",
         "external type", "deep"],
)  # fmt: skip
def test_hostile_xmp_says_nothing_and_hides_nothing_else(packet):
    assert claim(encode(PICTURE, exif=exif("(c) Jo"), xmp=packet)) == "copyright: (c) Jo"


def test_a_megabyte_of_nested_xml_ends_at_the_first_levels():
    assert properties(b"<a>" * 350_000, {DC_RIGHTS}) == []
    huge = xmp("<dc:rights>(c) Jo</dc:rights>" + " " * MAX_BYTES)
    assert claim(with_xmp("PNG", huge)) is None


def test_what_precedes_a_fault_in_xmp_counts():
    packet = xmp("<dc:rights>(c) Jo</dc:rights><dc:title>cut")
    assert claim(encode(PICTURE, xmp=packet)) == "copyright: (c) Jo"
    assert claim(encode(PICTURE, xmp=packet[:-60] + b"\0" * 50)) == "copyright: (c) Jo"


def test_a_flood_of_values_is_cut():
    packet = xmp("".join(f"<dc:rights>{n}</dc:rights>" for n in range(10 * MAX_VALUES)))
    assert len(properties(packet, {DC_RIGHTS})) == MAX_VALUES


@pytest.mark.parametrize("cut", [1, 9, 10, 20, 30])
def test_cut_segments_say_nothing_and_fail_nothing(cut):
    whole = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\x10\0" + datasets(notice=b"(c) Jo")
    assert claim(with_segments((0xED, whole[:-cut]))) in (None, "copyright: (c) J")
    extension = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">II", 9, 0)
    assert claim(with_segments((0xE1, extension[:-cut]))) is None


@pytest.mark.parametrize("value", [2**31, b"\xff\xfe\0\0", "\x00\x01"])
def test_exif_of_a_wrong_type_or_without_text_fails_nothing(value):
    picture = Image.open(io.BytesIO(encode(PICTURE)))
    picture.getexif()[0x8298] = value
    assert "Jo" not in str(file_rights(picture).claim)


@given(st.binary(max_size=300))
def test_any_bytes_may_be_metadata(data):
    for name, body in ((0xE1, b"http://ns.adobe.com/xap/1.0/\0"), (0xE1, b"Exif\0\0"), (0xED, b"Photoshop 3.0\0")):
        file_rights(Image.open(io.BytesIO(with_segments((name, body + data)))))


def test_long_texts_are_cut():
    text = claim(encode(PICTURE, exif=exif("All rights reserved. " * 1000)))
    assert text is not None
    assert len(text) == len("copyright: ") + MAX_CHARACTERS
