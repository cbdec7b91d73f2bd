"""Every word for why a row ends at a stage, with its meaning: the vocabulary of `reject_reason`.

What belongs here: words and meanings. What does not: the rules that apply them (the rooms).
"""

from __future__ import annotations

# What came of a request. A failure is passing where asking again another day may help, else final.
_PASSING = {
    "throttled": "The host answers 429 and kept doing so, or asked for quiet.",
    "server_error": "The host answers 5xx and kept doing so.",
    "timeout": "No answer, or one slower than the limits.",
    "dns": "The host name has no address.",
    "tls": "The host's certificate or TLS is not valid.",
    "refused": "The host refuses the connection.",
    "reset": "The host broke the connection off.",
    "unreachable": "There is no way to the host, or the network failed otherwise.",
    "bad_response": "The host's answer is not HTTP, or breaks its rules.",
    "truncated": "The body ended before the length that was promised, or there was none.",
    "parked": "The host failed too often in a row and is left alone for the rest of the run.",
    "budget_spent": "The host's budget of bytes for the day is spent.",
}
_FINAL = {
    "not_found": "The host answers 404.",
    "gone": "The host answers 410.",
    "forbidden": "The host answers 401, 403, 451 or another 4xx: it refuses, which does not say that nothing is there.",
    "too_large": "The body is larger than `fetch.max_bytes`, or the headers are than 64 KiB.",
    "redirect_loop": "More redirects than `fetch.max_redirects`, or a redirect to nowhere.",
    "blocked_address": "The address, or one it redirects to, is private, not http(s), or on a refused port.",
    "opted_out": "The host says that the picture is not for this use (X-Robots-Tag, TDMRep), or an opt-out list does.",
    "robots_disallowed": "The host's robots.txt disallows the address.",
    "not_image": "The body begins as a web page or another document, not as a picture.",
    "changed": "The address gives other bytes than those that were compared, and is needed only now.",
    "placeholder": "The address now leads to the host's 'not available' picture.",
    "removed": "A tombstone names the bytes or the preview's, or the address that a redirect led to.",
}
PASSING = frozenset(_PASSING)
"""Failures at `downloaded` that another day may not have: a build asks again."""
REFUSALS = frozenset({"opted_out", "robots_disallowed", "removed"})
"""Failures at `downloaded` in which somebody said no."""

REASONS: dict[str, dict[str, str]] = {
    "raw_metadata": {
        "bad_url": "No address, or one that is not http or https with a host, has credentials, or is broken.",
        "repeated_id": "Another row of the same shard has the same id.",
        "unreadable_row": "The row's line in a text file (CSV, JSON Lines) cannot be parsed.",
        "bad_text": "A text is not UTF-8, holds NUL characters, or is longer than 65,536 bytes.",
    },
    "license_filtered": {
        "removed": "A tombstone names the row, its address or its preview's, its creator or its account.",
        "opted_out": "An opt-out list names the address or its domain.",
        "account_excluded": "The decisions file excludes the account.",
        "license_unknown": "The stated licence is none that we know.",
        "license_not_allowed": "The licence is known and the policy does not allow it.",
        "rights_claimed": "Caption, title or description claims rights that contradict the licence.",
        "caption_too_short": "The caption is missing or shorter than the policy's least number of characters.",
        "caption_file_name": "The caption is the name of a file, such as `DSC_0031.jpg`.",
        "caption_digits": "The caption has no letters.",
        "caption_boilerplate": "The caption is that of more than the policy's share of the shard's rows.",
        "caption_language": "The caption is in none of the policy's languages.",
    },
    "fingerprints": {},
    "deduplicated": {
        "same_id": "A row of another shard of the source has the same id.",
        "same_url": "Another row has the same address.",
        "same_bytes": "Another row has the same bytes.",
        "near_duplicate": "Another picture is within the policy's Hamming distance.",
        "mirrored": "The mirror image of another picture.",
        "excluded": "A list of pictures that no dataset may hold names it, or one that looks like it.",
        "placeholder": "The host answers many unlike links with this picture.",
        "removed": "It looks like a removed picture.",
    },
    "resolution_filtered": {
        "too_small": "Declared smaller than the policy's least width or height.",
        "bad_aspect_ratio": "Declared more elongated than the policy allows.",
    },
    "downloaded": _PASSING | _FINAL,
    "verified": {
        "removed": "A tombstone names the bytes, or the preview's; or the picture looks like a removed one.",
        "opted_out": "A list names the bytes, the file says that it is not for data mining, or the host refused later.",
        "not_image": "The bytes are no picture of an allowed format.",
        "damaged": "The picture does not decode whole: truncated or corrupt.",
        "decode_limit": "Decoding exceeds the limits on pixels, time or memory.",
        "animated": "The file holds more than one picture, and the policy wants none such.",
        "placeholder": "The host answers many unlike links with these bytes.",
        "replaced": "The bytes show another picture than the one that the source declared.",
        "re_encoded": "Other bytes than the source declared, of the same picture, and the policy wants none such.",
        "md5_mismatch": "The bytes are not those that the source declared.",
        "sha256_mismatch": "The bytes are not those that the source declared, by their SHA-256.",
        "too_small": "Measured smaller than the policy's least width or height.",
        "bad_aspect_ratio": "Measured more elongated than the policy allows.",
        "rights_claimed": "The file's own metadata claims rights that contradict the licence.",
    },
}
