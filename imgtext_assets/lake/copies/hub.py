"""The Hugging Face hub's client for releases, and its failures as one clear line that never holds the token."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imgtext_assets.lake.stores import LakeError, LakeNotFoundError
from imgtext_assets.text import plain

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TOKEN = "HF_TOKEN"  # noqa: S105 - the name of the variable that has it


def api() -> HfApi:
    """The hub's client, with the token of `$HF_TOKEN` (else that of `hf auth login`) and at `$HF_ENDPOINT`.

    Raises LakeError where the client is not installed.
    """
    return _client().HfApi(**_access())


def file_system() -> Any:
    """The hub as a file system, with the same token and at the same address."""
    return _client().HfFileSystem(**_access())


def _access() -> dict[str, str | None]:
    return {"token": os.environ.get(TOKEN) or None, "endpoint": os.environ.get("HF_ENDPOINT") or None}


@contextmanager
def hub_errors(where: str) -> Iterator[None]:
    """Turn the hub's failures into a LakeError that names the place and what to do. Never chained: a cause may tell."""
    errors: Any = _client().errors
    try:
        yield
    except LakeError:
        raise
    except (FileNotFoundError, errors.EntryNotFoundError, errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        raise LakeNotFoundError(f"{where}: not found; a private dataset needs ${TOKEN}") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise LakeError(f"{where}: access is refused; ${TOKEN} must hold a token that may do this") from None
        raise LakeError(f"{where}: the hub answers {status}: {_without_token(error)}") from None
    except (OSError, ValueError, RuntimeError, errors.HTTPError) as error:
        raise LakeError(f"{where}: {_without_token(error)}; run again, what is sent already stays") from None


def _client() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError:
        raise LakeError("hf:// paths need the hub's client: pip install 'imgtext-assets[hf]'") from None
    return huggingface_hub


def _without_token(error: Exception) -> str:
    """The error's own words in one line, the token cut out of them."""
    text, token = str(error.__cause__ or error) or type(error).__name__, os.environ.get(TOKEN)
    return plain(text.replace(token, "***") if token else text, 300)
