"""Settings: how the web is asked, pictures are opened, bytes are kept, part by part of the catalog.

What belongs here: settings, their limits and defaults. What does not: which rows are wanted (`policies`), reading the
file (`catalog`).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from pydantic import Field, PositiveInt, field_validator

from imgtext_assets.policies import Model


class HostLimits(Model):
    """How gently one host is asked. `match` is a glob on the host name (`*.staticflickr.com`); first match wins."""

    match: str = "*"
    concurrency: int = Field(default=4, ge=1, le=256, description="connections at once")
    rate: float = Field(default=10.0, gt=0, description="requests a second")
    bytes_per_day: PositiveInt | None = Field(default=None, description="budget for a day (UTC) of all shards, bytes")


class FetchSettings(Model):
    """How the web is asked for pictures: politely, within bounds, from public addresses only."""

    contact: str | None = Field(default=None, description="address for the User-Agent, so that a host can reach you")
    concurrency: int = Field(default=32, ge=1, le=512, description="requests at once over all hosts")
    hosts: list[HostLimits] = Field(default=[], description="limits by host pattern; others get the defaults")
    allow_networks: list[str] = Field(default=[], description="private networks that may be fetched from (CIDR)")
    allow_ports: list[int] = Field(default=[80, 443, 8080, 8443])
    attempts: int = Field(default=4, ge=1, le=20, description="tries for a passing failure within one run")
    backoff_seconds: float = Field(default=0.5, gt=0, description="first wait; doubles each time, with full jitter")
    max_wait_seconds: float = Field(default=120, gt=0, description="a longer Retry-After ends the tries of this run")
    park_after: PositiveInt = Field(default=10, description="passing failures in a row that park a host")
    park_seconds: float = Field(default=30, gt=0, description="a parked host's first rest; doubles each time")
    park_times: PositiveInt = Field(default=3, description="rests of a host, after which a run leaves it alone")
    connect_seconds: float = Field(default=10, gt=0)
    total_seconds: float = Field(default=120, gt=0, description="for one request with its redirects")
    min_bytes_per_second: PositiveInt = Field(default=1024, description="slower than this for 10 s is a timeout")
    max_bytes: PositiveInt = Field(default=64 * 2**20, description="largest body, bytes")
    max_redirects: int = Field(default=10, ge=0)
    placeholders: list[str] = Field(
        default=["*/photo_unavailable*"],
        description="globs on the final URL of a host's 'not available' picture (Flickr's by default)",
    )

    @field_validator("allow_networks")
    @classmethod
    def _networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ipaddress.ip_network(network)
        return networks

    @property
    def what_may_be_had(self) -> FetchSettings:
        """These settings as far as they decide whether an address may be had at all; the rest is how it is asked."""
        deciding = ("allow_networks", "allow_ports", "max_bytes", "max_redirects", "placeholders")
        return FetchSettings.model_validate({name: getattr(self, name) for name in deciding})

    @property
    def user_agent(self) -> str:
        """An honest User-Agent: this project, its version, and the contact where one is given."""
        from importlib.metadata import version

        return f"imgtext-assets/{version('imgtext-assets')}" + (f" (+{self.contact})" if self.contact else "")

    def limits(self, host: str) -> HostLimits:
        """The limits of a host name: the first matching entry of `hosts`, else the defaults."""
        from fnmatch import fnmatchcase

        return next((entry for entry in self.hosts if fnmatchcase(host, entry.match)), HostLimits())


class PictureSettings(Model):
    """Limits for decoding what came from the web."""

    max_pixels: PositiveInt = Field(default=100_000_000, description="largest width x height that is decoded")
    formats: list[str] = Field(default=["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"], description="Pillow names")
    decode_seconds: float = Field(default=20, gt=0, description="CPU seconds for one picture")
    decode_memory: PositiveInt = Field(
        default=2 * 2**30, description="bytes of address space a decoding worker may add"
    )
    workers: int | None = Field(default=None, ge=1, description="decoding processes; null: one a core")
    strict_jpeg: bool = Field(
        default=True, description="a JPEG of which the decoder says that it is corrupt is damaged, though it shows"
    )


class EngineSettings(Model):
    """Where the heavy work runs: decoding, and the search for near-duplicates."""

    cluster: str | None = Field(
        default=None, description="address of a Dask scheduler, such as tcp://scheduler:8786; null: this machine"
    )

    @field_validator("cluster")
    @classmethod
    def _an_address(cls, cluster: str | None) -> str | None:
        if cluster is not None and not re.fullmatch(r"(tcp|tls)://([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", cluster):
            raise ValueError(f"{cluster!r}: expected tcp:// or tls://, a host and a port, as in tcp://scheduler:8786")
        return cluster


class StorageSettings(Model):
    """How bytes are kept, and what `imgtext bucket` prepares where the lake is on S3."""

    fsync: bool = Field(
        default=False, description="local lake: flush each file to the disk, so that a power cut loses none"
    )
    versioning: bool = Field(default=True, description="S3: keep what is overwritten or deleted")
    keep_versions_days: PositiveInt = Field(default=30, description="S3: days that such versions are kept")
    abort_uploads_days: PositiveInt = Field(default=7, description="S3: days after which unfinished uploads go")
    public_read: bool = Field(default=False, description="S3: everybody may read the blobs and releases")


LinkState = Literal["gone", "placeholder", "blocked", "throttled", "unreachable"]
"""What a host's status may be taken for; see `links.observe`."""


class LinkRule(Model):
    """What a host's statuses mean. `match` is a glob on the host name; the first that matches and knows the status."""

    match: str
    states: dict[int, LinkState] = Field(description="status (RFC 9110) -> state of the link")


class LinkSettings(Model):
    """How links are rechecked, and when one that failed counts as dead."""

    dead_after: PositiveInt = Field(default=3, description="final observations before a link counts as dead")
    dead_days: int = Field(default=14, ge=0, description="days these observations must span")
    outage_links: PositiveInt = Field(default=10, description="links of a host whose failing on one day is an outage")
    outage_share: float = Field(default=0.9, gt=0, le=1, description="share of them that must fail")
    lost_days: PositiveInt = Field(default=60, description="days of outage after which a host is lost, with its links")
    hosts: list[LinkRule] = Field(
        default=[
            # S3 answers 403 for what is not there to whoever may not list the bucket:
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            LinkRule(match="*.amazonaws.com", states={403: "gone"}),
            # As Openverse reads it; a ban answers so for all links at once, which is an outage.
            LinkRule(match="*.staticflickr.com", states={403: "gone"}),
        ],
        description="what statuses mean at some hosts",
    )
    sample: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="share of links, drawn evenly once and for all, that every round reads whole",
    )
    min_days: int = Field(
        default=7, ge=0, description="days in which a link is not asked again; one of the sample, half a day at most"
    )
    requests: PositiveInt | None = Field(
        default=None,
        description="requests for links of one round of one shard at most; hosts' own files are not counted",
    )
    bytes: PositiveInt | None = Field(default=None, description="bytes that one round of one shard receives at most")
    seconds: PositiveInt | None = Field(default=None, description="seconds that one round of one shard takes at most")
    requests_per_host: PositiveInt | None = Field(default=None, description="such requests to one host at most")
    first_bytes: PositiveInt = Field(default=16_384, description="bytes that are read where only the beginning is")

    @property
    def are_limits(self) -> bool:
        """Whether there is any limit to what a round may spend."""
        return (self.requests, self.bytes, self.seconds, self.requests_per_host) != (None,) * 4

    @property
    def of_deaths(self) -> LinkSettings:
        """These settings as far as they decide what is dead; the rest is how links are asked."""
        deciding = ("dead_after", "dead_days", "outage_links", "outage_share", "lost_days")
        return LinkSettings.model_validate({name: getattr(self, name) for name in deciding})


class AlertSettings(Model):
    """Who is told of what failed."""

    webhook: str | None = Field(
        default=None, pattern="^https?://", description="address that gets a JSON object by POST for each failed run"
    )


ReleaseFormat = Literal["webdataset", "laion400m"]
"""A form in which a release has its pictures; see `publish.formats`."""


class ReleaseSettings(Model):
    """What a release is called and how it is cut."""

    name: str = Field(default="imgtext", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = "Image-text dataset"
    license: str = Field(
        default="cdla-permissive-2.0", description="licence of the metadata itself, for the dataset card"
    )
    rows_per_file: int = Field(default=100_000, ge=1, le=100_000)
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://.*\{sha256\}",
        description="where the blobs are served: `url` becomes it, with {sha256} filled in",
    )
    max_removed_share: float = Field(
        default=0.1, ge=0, le=1, description="share of the rows before that a release may lose without being told to"
    )
    max_removed_rows: int = Field(default=100, ge=0, description="rows that a release may lose whatever their share")
    hash_removals: bool = Field(
        default=True, description="name what was removed by salted hashes only, so that nobody looks for it"
    )
    formats: list[ReleaseFormat] = Field(default=[], description="what is written beside the metadata, with pictures")
    pairs_per_tar: int = Field(default=10_000, ge=1, le=100_000, description="pairs of one archive at most")
    resize: int | None = Field(
        default=None, ge=16, description="longest side of pictures in `webdataset`, pixels; null: the bytes as they are"
    )
