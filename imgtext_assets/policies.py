"""Policies: which rows and pictures are wanted, part by part of the catalog's `policy`.

What belongs here: settings, their limits and defaults. What does not: applying them (the rooms), reading the file
(`catalog`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Model(BaseModel):
    """Settings that are checked, complete and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LicensePolicy(Model):
    """Which licences may be used, and what a claim that contradicts one means."""

    allow: list[str] = Field(
        default=["public-domain"],
        description="licence ids that go on, or names of groups of them; all others are rejected",
    )
    stated_claims: Literal["reject", "review", "ignore"] = Field(
        default="reject", description="rows whose texts or file claim rights that contradict their licence"
    )


class CaptionPolicy(Model):
    """Which captions are wanted. Nothing is asked of them by default."""

    min_characters: int | None = Field(default=None, ge=1, description="shorter ones are rejected (LAION: 5)")
    reject_file_names: bool = Field(default=False, description="reject names of files, such as DSC_0031.jpg")
    reject_digits: bool = Field(default=False, description="reject captions without letters")
    boilerplate_share: float | None = Field(
        default=None, gt=0, le=1, description="reject captions that more than this share of a shard's rows have"
    )
    languages: list[Annotated[str, Field(pattern="^[a-z]{2}$")]] = Field(
        default=[], description="ISO 639-1 codes; captions in other languages are rejected"
    )


class AccountPolicy(Model):
    """Which accounts' rows may be used."""

    decisions: str | None = Field(
        default=None, description="CSV file of decisions: account, verdict (include, exclude), who, when, why"
    )


class ConsentPolicy(Model):
    """Whose word on the use of a picture is obeyed."""

    x_robots_tag: bool = Field(default=True, description="X-Robots-Tag: noai, noimageai, noimageindex, noml, none")
    robots_txt: bool = Field(default=True, description="the host's robots.txt (RFC 9309), asked before its pictures")
    tdm_reservation: bool = Field(default=True, description="TDMRep: header, and /.well-known/tdmrep.json of the host")
    data_mining: bool = Field(default=True, description="the file's XMP property plus:DataMining")
    agents: list[str] = Field(
        default=[
            "GPTBot", "CCBot", "Google-Extended", "Applebot-Extended", "anthropic-ai", "ClaudeBot", "Bytespider",
            "meta-externalagent", "FacebookBot", "Amazonbot", "PerplexityBot", "cohere-ai", "Diffbot", "ImagesiftBot",
            "omgili", "img2dataset",
        ],
        description="robots whose rules in robots.txt and X-Robots-Tag count as meant for us, besides our own name",
    )  # fmt: skip
    opt_out_lists: list[str] = Field(default=[], description="files of addresses, domains or SHA-256s that opted out")

    @property
    def of_hosts(self) -> ConsentPolicy:
        """These settings as far as they decide whether a host lets an address be asked for."""
        return self.model_copy(update={"data_mining": True, "opt_out_lists": []})


class ExcludeList(Model):
    """Pictures that no dataset of this catalog may hold: an evaluation set to keep apart, a removal list."""

    name: str = Field(description="what rows are rejected with, such as the evaluation set's name")
    path: str = Field(description="a parquet file with a column sha256 or phash, or an .npy file of 64-bit pHashes")

    @field_validator("name")
    @classmethod
    def _not_that_of_takedowns(cls, name: str) -> str:
        if name == "removals":
            raise ValueError("'removals' is the name of what takedowns removed; expected another one")
        return name


class DuplicatePolicy(Model):
    """When two pictures count as the same.

    The defaults follow from `benchmarks/duplicates_quality.py`.
    """

    radius: int = Field(
        default=6, ge=0, le=8, description="largest Hamming distance of two 64-bit pHashes that repeat, bits"
    )
    confirm: int | None = Field(
        default=60,
        ge=0,
        le=128,
        description="largest distance of their 256-bit pHashes, bits; null: not compared, and `radius` is 4 unless set",
    )
    mirrored: Literal["ignore", "report", "reject"] = Field(
        default="report", description="what a picture meets that is another one's mirror image"
    )
    exclude: list[ExcludeList] = Field(default=[], description="lists of pictures that are rejected")

    @model_validator(mode="before")
    @classmethod
    def _nearer_without_confirmation(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("confirm", ...) is None:
            return {"radius": 4} | given
        return given

    suspicious_size: int | None = Field(
        default=1_000, ge=2, description="a check warns of clusters of more rows than this; null: it never does"
    )


class ResolutionPolicy(Model):
    """How large a picture must be."""

    min_width: int = Field(default=256, ge=1, description="pixels")
    min_height: int = Field(default=256, ge=1, description="pixels")
    max_aspect_ratio: float | None = Field(default=3.0, ge=1, description="long side / short side; null: no limit")


Verdict = Literal["accept", "review", "reject"]
"""What a doubtful picture meets: it goes on, goes on with a mark for people (`review`), or ends."""


class DriftPolicy(Model):
    """What becomes of pictures whose bytes are not those that the source declared.

    Another picture, and a host's placeholder, are always rejected.
    """

    re_encoded: Verdict = Field(default="accept", description="other bytes, the same picture by its declared pHash")
    unknown: Verdict = Field(default="reject", description="other bytes, and the source declared no pHash to compare")
    max_distance: int = Field(
        default=10, ge=0, le=24, description="largest Hamming distance of two pHashes of the same picture, bits"
    )
    placeholder_links: int | None = Field(
        default=10, ge=2, description="one picture for so many links of a host with unlike captions is a placeholder"
    )


class LinkPolicy(Model):
    """What becomes of rows whose link is dead. Rows whose bytes we serve (`release.public_url`) stay."""

    dead: Literal["replace", "drop", "keep"] = Field(
        default="replace",
        description="another address of the same picture takes its place, or none; dropped; or kept in releases",
    )


class RemovalPolicy(Model):
    """How takedowns are obeyed."""

    near_duplicates: bool = Field(default=True, description="also refuse what looks like a removed picture")
    drop_folder: str | None = Field(default=None, description="folder whose CSV files of takedowns are carried out")
    at_most_share: float = Field(
        default=0.01, ge=0, le=1, description="share of all rows that one order may name without being told to"
    )
    at_most_rows: int = Field(default=100, ge=0, description="rows that one order may name whatever their share")
    grace_days: int = Field(default=30, ge=0, description="days from marking a removed picture's bytes to deleting")


class Policy(Model):
    """What goes on and what is rejected."""

    licenses: LicensePolicy = LicensePolicy()
    accounts: AccountPolicy = AccountPolicy()
    captions: CaptionPolicy = CaptionPolicy()
    consent: ConsentPolicy = ConsentPolicy()
    duplicates: DuplicatePolicy = DuplicatePolicy()
    resolution: ResolutionPolicy = ResolutionPolicy()
    drift: DriftPolicy = DriftPolicy()
    links: LinkPolicy = LinkPolicy()
    removals: RemovalPolicy = RemovalPolicy()
    animated: Verdict = Field(default="accept", description="animated pictures: their first frame counts, or reject")
