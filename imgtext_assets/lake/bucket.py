"""The bucket that a lake on S3 lies in: looking at it, and making it what is wished for.

`plan` looks and changes nothing; `carry_out` does one step. What the steps are is found in `bucket_steps`.

What belongs here: the bucket's own settings, through boto3. What does not: what is stored in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from imgtext_assets.lake.bucket_steps import NEW, Found, Json, Place, State, Step, Wish, steps
from imgtext_assets.lake.stores import LakeError, is_local

__all__ = ["State", "Step", "Wish", "carry_out", "plan"]

# Swift takes a lifecycle for the bucket's creation, whose XML it is not; S3's own refusals are the others.
_UNSUPPORTED_CODES = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "MalformedXML"}
_UNSUPPORTED_STATUS = {405, 501}


def plan(root: str, wish: Wish) -> list[Step]:
    """What is to be done to the bucket of the lake at `root`, in order; changes nothing. Raises LakeError."""
    if is_local(root):
        return [Step("folder", "a folder of this machine", "nothing to prepare", State.RIGHT, root)]
    with _errors(root):
        client = _client()
        place = _place(root, client)
        found = _look(client, place.bucket)
    return steps(found, wish, place)


def carry_out(step: Step) -> Step:
    """Do what a step says, if anything, and say how it went. Raises LakeError."""
    if step.state is not State.TO_DO or step.request is None:
        return step
    method, arguments = step.request
    with _errors(step.root):
        client = _client()
        try:
            getattr(client, method)(**arguments)
        except ClientError as error:
            if _is_unsupported(error):
                return replace(step, state=State.UNSUPPORTED)
            if _code(error) != "BucketAlreadyOwnedByYou":  # another run was quicker
                raise
    return replace(step, state=State.DONE)


def _place(root: str, client: Any) -> Place:
    bucket, _, prefix = root.removeprefix("s3://").rstrip("/").partition("/")
    if not root.startswith("s3://") or not bucket:
        raise LakeError(f"{root}: a lake is a folder or s3://bucket/prefix")
    region = client.meta.region_name or "us-east-1"
    return Place(root, bucket, f"{prefix}/" if prefix else "", region, client.meta.partition)


def _client() -> Any:
    """A client that reads the same environment as the lake's stores.

    Which take AWS_REGION first, and name the bucket in the path where an endpoint is given.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    addressing: Any = {"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL") else "auto"}
    retries: Any = {"mode": "standard", "total_max_attempts": 5}
    config = Config(s3=addressing, retries=retries, connect_timeout=10, read_timeout=60)
    return boto3.Session(region_name=region).client("s3", config=config)


def _look(client: Any, bucket: str) -> Found:
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if _status(error) == 404:
            return NEW
        raise
    versioning = _ask(client, "get_bucket_versioning", bucket)
    lifecycle = _ask(client, "get_bucket_lifecycle_configuration", bucket, "NoSuchLifecycleConfiguration")
    block = _ask(client, "get_public_access_block", bucket, "NoSuchPublicAccessBlockConfiguration")
    policy = _ask(client, "get_bucket_policy", bucket, "NoSuchBucketPolicy")
    return Found(
        exists=True,
        versioning=None if versioning is None else versioning.get("Status", ""),
        # Swift answers with a list of the objects, which has no rules; a configuration has one at least.
        lifecycle=None if lifecycle and "Rules" not in lifecycle else lifecycle,
        block=None if block is None else block.get("PublicAccessBlockConfiguration", {}),
        policy=None if policy is None else json.loads(policy.get("Policy", "{}")),
    )


def _ask(client: Any, method: str, bucket: str, unset: str | None = None) -> Json | None:
    """The answer, empty where it has the code `unset`; None where the store knows no such request."""
    try:
        return getattr(client, method)(Bucket=bucket)
    except ClientError as error:
        if _code(error) == unset:
            return {}
        if _is_unsupported(error):
            return None
        raise


def _is_unsupported(error: ClientError) -> bool:
    return _code(error) in _UNSUPPORTED_CODES or _status(error) in _UNSUPPORTED_STATUS


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


@contextmanager
def _errors(root: str) -> Iterator[None]:
    """Turn boto3's failures into a LakeError that says what to do."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise LakeError(f"{root}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") from error
    except ClientError as error:
        if _status(error) in (401, 403):
            what = f"access is refused ({error.operation_name}: {_code(error)})"
            hint = "check the credentials, and that the bucket is yours to administer"
            raise LakeError(f"{root}: {what}; {hint}") from error
        raise LakeError(f"{root}: {error}; check the bucket's name and AWS_REGION") from error
    except (BotoCoreError, ValueError) as error:
        raise LakeError(f"{root}: {' '.join(str(error).split())}; check AWS_ENDPOINT_URL and the name") from error
