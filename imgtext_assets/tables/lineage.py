"""What columns are made from: the lineage that the UI shows."""

from __future__ import annotations

from imgtext_assets.columns import CLUSTER, FETCH, FINGERPRINT, LICENSE

# What a column that a stage adds is made from: columns of the stage before. Others are passed on by name.
MADE_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((c.name for c in LICENSE), ("license",)),
    "attribution": ("title", "caption", "creator", "landing_url", "license"),
    "review": ("caption", "title", "description", "license"),
    **dict.fromkeys((c.name for c in FINGERPRINT), ("preview_url", "url")),
    **dict.fromkeys(
        (c.name for c in CLUSTER),
        (
            "url_key",
            "preview_url",
            "fingerprint_sha256",
            "phash",
            "caption",
            "width",
            "height",
            "md5",
            "declared_sha256",
        ),
    ),
    **dict.fromkeys((c.name for c in FETCH), ("url",)),
    **{f"declared_{name}": (name,) for name in ("width", "height", "mime_type")},
    "measured_md5": ("url",),
    "frames": ("sha256",),
    "drift": ("md5", "declared_sha256", "declared_phash", "low_information", "measured_md5", "sha256"),
}
MEASURED_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("width", "height", "mime_type", "phash"), ("sha256",)),
    "low_information": ("low_information", "sha256"),
    "review": ("review", "sha256"),
}
"""What `verified` sets anew: of the same name before, the declared values."""
