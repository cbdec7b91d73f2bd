"""What the first bytes of a body say: whether it begins like a document that is certainly no picture.

Rules of the MIME Sniffing Standard (https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type),
somewhat wider for markup and JSON, which hosts send as their error pages.

What belongs here: judging a few bytes. What does not: reading them, and whether a file is a picture (`pictures`): all
that is not surely something else passes here.
"""

from __future__ import annotations

import re

LOOKED_AT = 512
"""How many bytes of a body decide, at most; the standard reads 1,445."""

_SPACE = rb"[\t\n\f\r ]"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Comments, <?xml ...?> and other instructions, and a document type that is not HTML's may stand before the first tag.
_PROLOGUE = re.compile(
    rb"(?:%s+|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!doctype(?!%s+html\b).*?(?:>|\Z))*" % (_SPACE, _SPACE), re.I | re.S
)
_HTML = re.compile(
    rb"<(?:!doctype%s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|link|center)(?:%s|[/>]|\Z)"
    % (_SPACE, _SPACE),
    re.I,
)
_TAG = re.compile(rb"<([a-z_][a-z0-9_.:-]*)(?:%s|[/>]|\Z)" % _SPACE, re.I)
_JSON = re.compile(rb'\{%s*(?:["}]|\Z)|\[%s*(?:[\[{"\]]|\Z)' % (_SPACE, _SPACE))
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # "binary data byte" of the standard
# Beginnings of picture files that could go on in printable characters.
_PICTURES = (
    b"GIF8",
    b"RIFF",
    b"BM",
    b"II",
    b"MM",
    b"P1",
    b"P2",
    b"P3",
    b"P4",
    b"P5",
    b"P6",
    b"P7",
    b"8BPS",
    b"/*",
    b"#",
)


def document(first: bytes) -> str | None:
    """The kind of document that `first`, the first bytes of a body or all of it, begins; None: maybe a picture.

    >>> document(b"\\n<!DOCTYPE html><title>404</title>"), document(b"\\xff\\xd8\\xff\\xe0")
    ('HTML', None)
    """
    first = first[:LOOKED_AT]
    if first.startswith(_UTF16_MARKS):
        return _markup(first.decode("utf-16", "ignore").encode())
    first = first.removeprefix(_UTF8_MARK)
    if first.startswith(b"%PDF-"):
        return "PDF"
    if first.startswith(b"%!PS-Adobe-"):
        return "PostScript"
    if kind := _markup(first):
        return kind
    if not _is_text(first):
        return None
    return "JSON" if _JSON.match(first.lstrip()) else "plain text"


def _markup(first: bytes) -> str | None:
    start = _PROLOGUE.match(first)
    end = start.end() if start else 0
    before, rest = first[:end].lstrip(), first[end:]
    if _HTML.match(rest):
        return "HTML"
    if tag := _TAG.match(rest):
        return "SVG" if tag[1].lower().rpartition(b":")[2] == b"svg" else "XML"
    if not before.startswith((b"<!", b"<?")):
        return None
    # All that is seen is what may stand before the first tag.
    return "SVG" if b"svg" in before.lower() else "XML" if before.startswith(b"<?") else "HTML"


def _is_text(first: bytes) -> bool:
    """Whether it is not empty, UTF-8 as far as it goes, has no binary bytes, and begins like no picture."""
    if not first.strip() or first.startswith(_PICTURES) or _BINARY.search(first):
        return False
    try:
        first.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(first) >= LOOKED_AT - len(_UTF8_MARK)
    return True
