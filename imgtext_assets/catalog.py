"""The catalog: what to build from, where to, and by which policy.

One YAML file read into the models below. Every key has a default but `sources`, and a mistake is reported
with the file, the key and what was expected (`CatalogError`). Paths that are not URLs are relative to the
folder that holds the catalog, so a catalog moves together with its data.

What belongs here: settings and their limits. What does not: reading data, network, Dagster.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard, TypeVar, get_args

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from imgtext_assets.policies import (
    AccountPolicy,
    CaptionPolicy,
    ConsentPolicy,
    DriftPolicy,
    DuplicatePolicy,
    LicensePolicy,
    LinkPolicy,
    Model,
    Policy,
    RemovalPolicy,
    ResolutionPolicy,
)
from imgtext_assets.settings import (
    AlertSettings,
    EngineSettings,
    FetchSettings,
    HostLimits,
    LinkSettings,
    PictureSettings,
    ReleaseSettings,
    StorageSettings,
)

__all__ = [
    "DEFAULT_CATALOG",
    "AccountPolicy",
    "AlertSettings",
    "CaptionPolicy",
    "Catalog",
    "CatalogError",
    "ConsentPolicy",
    "DriftPolicy",
    "DuplicatePolicy",
    "EngineSettings",
    "FetchSettings",
    "Format",
    "HostLimits",
    "LicensePolicy",
    "LinkPolicy",
    "LinkSettings",
    "Model",
    "PictureSettings",
    "Policy",
    "ReleaseSettings",
    "RemovalPolicy",
    "ResolutionPolicy",
    "Source",
    "StorageSettings",
    "digest",
    "is_relative",
    "load_catalog",
]

DEFAULT_CATALOG = Path("data/catalog.yaml")
Format = Literal["auto", "pd12m", "megalith", "laion400m", "laion5b", "laion-aesthetics", "datacomp", "table"]


M = TypeVar("M", bound=BaseModel)


class CatalogError(Exception):
    """The catalog cannot be used; the message names the file, the key and what was expected."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Source(Model):
    """One list of rows by somebody else: where its files are and how to read them."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="lower case; the first part of shard keys")
    format: Format = Field(default="auto", description="how its columns are named; `auto` tells by the columns")
    paths: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        description="files or globs: local, s3://, hf:// or https://"
    )
    license: str | None = Field(default=None, description="licence of the whole list, where its rows state none")
    license_scheme: Literal["flickr"] | None = Field(default=None, description="whose numbers its licences may be")
    columns: dict[str, str] = Field(default={}, description="format `table`: our column -> the file's column")
    header: bool = Field(default=True, description="CSV and TSV: the first line names the columns (else column_1, ...)")
    license_policy: LicensePolicy | None = Field(default=None, description="in place of `policy.licenses`")
    caption_policy: CaptionPolicy | None = Field(default=None, description="in place of `policy.captions`")

    @field_validator("paths")
    @classmethod
    def _known_schemes(cls, paths: list[str]) -> list[str]:
        for path in paths:
            scheme = path.partition("://")[0] if "://" in path else ""
            if scheme not in ("", "s3", "hf", "https"):
                raise ValueError(f"{path!r}: expected a local path or s3://, hf:// or https://")
        return paths

    @model_validator(mode="after")
    def _columns_of_a_table(self) -> Source:
        if self.columns and self.format not in ("auto", "table"):
            raise ValueError(f"`columns` is for format `table`; `{self.format}` names its own")
        return self

    @property
    def reading(self) -> Source:
        """These settings as far as they decide what `raw_metadata` makes of a file."""
        return self.model_copy(
            update={"paths": [], "license_scheme": None, "license_policy": None, "caption_policy": None}
        )


class Catalog(Model):
    """A whole catalog. Read by `load_catalog`, its paths are absolute but for those of sources: see `place`."""

    lake: str = "lake"
    shard_rows: int = Field(default=100_000, ge=1, le=100_000, description="rows a shard at most")
    sources: list[Source] = Field(min_length=1)
    policy: Policy = Policy()
    fetch: FetchSettings = FetchSettings()
    pictures: PictureSettings = PictureSettings()
    engine: EngineSettings = EngineSettings()
    storage: StorageSettings = StorageSettings()
    links: LinkSettings = LinkSettings()
    release: ReleaseSettings = ReleaseSettings()
    alerts: AlertSettings = AlertSettings()
    _folder: Path = PrivateAttr(default=Path())

    @field_validator("sources")
    @classmethod
    def _unique_names(cls, sources: list[Source]) -> list[Source]:
        twice = [name for name, count in Counter(source.name for source in sources).items() if count > 1]
        if twice:
            raise ValueError(f"source names must be unique; given twice: {', '.join(twice)}")
        return sources

    def source(self, name: str) -> Source:
        """The source of that name; KeyError with the known names if there is none."""
        by_name = {source.name: source for source in self.sources}
        if name not in by_name:
            raise KeyError(f"no source {name!r} in the catalog; it has {', '.join(by_name)}")
        return by_name[name]

    def place(self, path: str) -> str:
        """Where a path of a source is. One that is relative lies below the catalog's folder, and moves with it."""
        return path if "://" in path else str(self._folder / path)

    @property
    def folder(self) -> Path:
        """The folder that holds the catalog, which relative paths begin at."""
        return self._folder

    def license_policy(self, source: str) -> LicensePolicy:
        """The licence policy that holds for a source: its own, else that of all."""
        return self.source(source).license_policy or self.policy.licenses

    def caption_policy(self, source: str) -> CaptionPolicy:
        """The caption policy that holds for a source: its own, else that of all."""
        return self.source(source).caption_policy or self.policy.captions


def is_relative(path: str) -> bool:
    """Whether a path of the catalog lies below the catalog's folder: it is no URL and does not begin at the root."""
    return "://" not in path and not Path(path).is_absolute()


def digest(*settings: BaseModel) -> str:
    """Eight hex digits that change when any of the settings does: part of a stage's code version."""
    text = "".join(setting.model_dump_json() for setting in settings)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def load_catalog(path: str | Path | None = None) -> Catalog:
    """Read the catalog at `path`, else at `$IMGTEXT_CATALOG`, else at `data/catalog.yaml`.

    `$IMGTEXT_LAKE` overrides its `lake`. Raises CatalogError, with one line for every wrong key.
    """
    file = Path(path or os.environ.get("IMGTEXT_CATALOG") or DEFAULT_CATALOG).absolute()
    content = _read_yaml(file)
    if lake := os.environ.get("IMGTEXT_LAKE"):
        content["lake"] = lake if "://" in lake else str(Path(lake).absolute())
    try:
        catalog = Catalog.model_validate(content)
    except ValidationError as error:
        raise CatalogError(f"{file}: {_explain(error)}") from None
    return _with_absolute_paths(catalog, file.parent)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogError(
            f"{file}: no such catalog; write one (docs/catalog.md shows how) or name another with "
            "--catalog or IMGTEXT_CATALOG"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogError(f"{file}: cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise CatalogError(f"{file}: expected keys such as `sources:` at the top, found {type(content).__name__}")
    return content


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"`{key}`: no such key; there are {', '.join(_keys_beside(problem['loc']))}")
            continue
        given = "" if problem["type"] in ("missing", "value_error") else f", found {problem['input']!r:.80}"
        lines.append(f"`{key}`: {problem['msg'].removeprefix('Value error, ')}{given}")
    return "; ".join(lines)


def _keys_beside(place: Sequence[int | str]) -> list[str]:
    """The keys that a catalog may have where an unknown one was found."""
    model: type[BaseModel] = Catalog
    for part in place[:-1]:
        if isinstance(part, str):
            kind = model.model_fields[part].annotation
            model = next(type_ for type_ in (kind, *get_args(kind)) if _is_model(type_))
    return list(model.model_fields)


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _with_absolute_paths(catalog: Catalog, folder: Path) -> Catalog:
    def absolute(path: str) -> str:
        return path if "://" in path else str(folder / path)

    def changed(model: M, **values: Any) -> M:
        return model.model_copy(update=values)

    catalog._folder = folder
    policy = catalog.policy
    decisions, lists = policy.accounts.decisions, policy.consent.opt_out_lists
    drop_folder = policy.removals.drop_folder
    return changed(
        catalog,
        lake=absolute(catalog.lake),
        policy=changed(
            policy,
            accounts=changed(policy.accounts, decisions=absolute(decisions) if decisions else None),
            removals=changed(policy.removals, drop_folder=absolute(drop_folder) if drop_folder else None),
            consent=changed(policy.consent, opt_out_lists=[absolute(path) for path in lists]),
            duplicates=changed(
                policy.duplicates,
                exclude=[changed(one, path=absolute(one.path)) for one in policy.duplicates.exclude],
            ),
        ),
    )
