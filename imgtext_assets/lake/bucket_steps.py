"""What a lake's bucket lacks of what is wished for: pure, from what there is to the steps that are to be done.

Whatever others have set on the bucket stays: lifecycle rules and policy statements of this lake are known by their ids,
which hold a digest of the lake's prefix.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

Json = dict[str, Any]


class State(StrEnum):
    """How a step stands."""

    RIGHT = "as wanted"
    TO_DO = "to do"
    DONE = "done"
    UNSUPPORTED = "not supported by this store"


@dataclass(frozen=True)
class Wish:
    """What the bucket shall be like: the `storage` settings of the catalog that concern it."""

    versioning: bool = True
    keep_versions_days: int = 30
    abort_uploads_days: int = 7
    public_read: bool = False


@dataclass(frozen=True)
class Step:
    """One thing about the bucket: what there is, what is wanted, and the request that leads there."""

    name: str
    there: str
    wanted: str
    state: State
    root: str
    request: tuple[str, Json] | None = None  # boto3's method and its arguments


@dataclass(frozen=True)
class Place:
    """A lake's bucket, and its prefix there: empty, or ending in `/`."""

    root: str
    bucket: str
    prefix: str
    region: str
    partition: str  # `aws`, or that of AWS in China or for governments

    def own(self, what: str) -> str:
        """An id that no other lake in the bucket has. Policy ids take letters and digits only."""
        return f"imgtext{what}{sha256(self.prefix.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Found:
    """What the bucket has: empty where it is not set, None where the store knows no such thing."""

    exists: bool
    versioning: str | None
    lifecycle: Json | None
    block: Json | None
    policy: Json | None


# Since April 2023 AWS blocks public access to every new bucket (AWS News Blog, "Heads-Up: Amazon S3 Security Changes").
_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
_POLICIES_PASS = {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}
NEW = Found(exists=False, versioning="", lifecycle={}, block=_BLOCKED, policy={})


def steps(found: Found, wish: Wish, place: Place) -> list[Step]:
    """What leads from what there is to what is wished for, in the order in which it is to be done."""
    made = [_bucket(found, place), _versioning(found, wish, place), _lifecycle(found, wish, place)]
    if wish.public_read:
        made.append(_access_block(found, place))
    return [*made, _public_read(found, wish, place)]


def _bucket(found: Found, place: Place) -> Step:
    arguments: Json = {"Bucket": place.bucket}
    if place.region != "us-east-1":  # which S3 refuses as a constraint: it is what there is without one
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": place.region}
    wanted = f"in {place.region}"
    if found.exists:
        return Step("bucket", "there", "there", State.RIGHT, place.root)
    return Step("bucket", "missing", wanted, State.TO_DO, place.root, ("create_bucket", arguments))


def _versioning(found: Found, wish: Wish, place: Place) -> Step:
    """Versioning is never turned off: it is of the whole bucket, and others may count on it."""
    there = (found.versioning or "never enabled").lower()
    if not wish.versioning:
        return Step("versioning", there, "left as it is", State.RIGHT, place.root)
    state = _state(found.versioning, found.versioning == "Enabled")
    arguments = {"Bucket": place.bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    return Step("versioning", there, "enabled", state, place.root, ("put_bucket_versioning", arguments))


def _lifecycle(found: Found, wish: Wish, place: Place) -> Step:
    """A configuration is put as a whole, so the rules of others go along."""
    rules: list[Json] = [_with_filter(rule) for rule in (found.lifecycle or {}).get("Rules", [])]
    own = [rule for rule in rules if rule.get("ID") in _own_rules(place)]
    others = [rule for rule in rules if rule not in own]
    wanted = _wanted_rules(wish, place)
    arguments: Json = {"Bucket": place.bucket, "LifecycleConfiguration": {"Rules": [*others, *wanted]}}
    if size := (found.lifecycle or {}).get("TransitionDefaultMinimumObjectSize"):
        arguments["TransitionDefaultMinimumObjectSize"] = size  # of others' rules; left out, it would be set back
    kept = f"; {len(others)} of others, kept" if others else ""
    return Step(
        "lifecycle",
        (_told(own) or "no rules of this lake") + kept,
        _told(wanted),
        _state(found.lifecycle, _by_id(own) == _by_id(wanted)),
        place.root,
        ("put_bucket_lifecycle_configuration", arguments),
    )


def _own_rules(place: Place) -> tuple[str, str]:
    return place.own("Uploads"), place.own("Versions")


def _wanted_rules(wish: Wish, place: Place) -> list[Json]:
    """Unfinished uploads are all that this program leaves for a time; the rest lies in the lake until it is replaced.

    A deleted object's last marker goes with its last version. Without versioning the second rule does nothing, but a
    bucket may have had it.
    """
    uploads, versions = _own_rules(place)
    both: Json = {"Status": "Enabled", "Filter": {"Prefix": place.prefix}}
    return [
        {"ID": uploads, **both, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": wish.abort_uploads_days}},
        {
            "ID": versions,
            **both,
            "NoncurrentVersionExpiration": {"NoncurrentDays": wish.keep_versions_days},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
    ]


def _with_filter(rule: Json) -> Json:
    """A rule with its prefix in `Filter`: S3 refuses rules of the older form beside others (ansible/ansible#53751)."""
    if "Prefix" not in rule:
        return rule if rule.get("Filter") else rule | {"Filter": {"Prefix": ""}}
    return {key: value for key, value in rule.items() if key != "Prefix"} | {"Filter": {"Prefix": rule["Prefix"]}}


def _by_id(rules: list[Json]) -> dict[str, Json]:
    return {rule["ID"]: rule for rule in rules}


def _told(rules: list[Json]) -> str:
    told: list[str] = []
    for rule in rules:
        if uploads := rule.get("AbortIncompleteMultipartUpload"):
            told.append(f"unfinished uploads go after {uploads.get('DaysAfterInitiation')} days")
        if versions := rule.get("NoncurrentVersionExpiration"):
            told.append(f"old versions after {versions.get('NoncurrentDays')} days")
    return ", ".join(told)


def _access_block(found: Found, place: Place) -> Step:
    """AWS's switch above all policies. Only what hinders a public policy is lifted; lists of access stay blocked."""
    blocked = [name for name in _POLICIES_PASS if (found.block or {}).get(name)]
    arguments = {"Bucket": place.bucket, "PublicAccessBlockConfiguration": (found.block or {}) | _POLICIES_PASS}
    return Step(
        "public access block",
        ", ".join(blocked) or "hinders no public policy",
        "hinders no public policy",
        _state(found.block, not blocked),
        place.root,
        ("put_public_access_block", arguments),
    )


def _public_read(found: Found, wish: Wish, place: Place) -> Step:
    """Who granted it by hand under another id may keep it; what this program granted goes when it is not wished for."""
    statements: list[Json] = (found.policy or {}).get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    wanted = _statement(place)
    own = [each for each in statements if each.get("Sid") == wanted["Sid"]]
    others = [each for each in statements if each not in own]
    policy = {"Version": "2012-10-17"} | (found.policy or {})
    policy["Statement"] = [*others, wanted] if wish.public_read else others
    request = ("put_bucket_policy", {"Bucket": place.bucket, "Policy": json.dumps(policy)})
    if not policy["Statement"]:
        request = ("delete_bucket_policy", {"Bucket": place.bucket})
    right = [_essence(each) for each in own] == [_essence(wanted)] if wish.public_read else not own
    kept = f"; {len(others)} statements of others, kept" if others else ""
    return Step(
        "public read",
        ("granted by this program" if own else "not granted by this program") + kept,
        f"granted for {', '.join(_PUBLIC)}" if wish.public_read else "not granted by this program",
        _state(found.policy, right) if wish.public_read else _state("", right),
        place.root,
        request,
    )


_PUBLIC = ("blobs/", "releases/")


def _statement(place: Place) -> Json:
    """Everybody may read these objects, and list none."""
    arn = f"arn:{place.partition}:s3:::{place.bucket}/{place.prefix}"
    return {
        "Sid": place.own("PublicRead"),
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{arn}{folder}*" for folder in _PUBLIC],
    }


def _essence(statement: Mapping[str, Any]) -> Json:
    """What a statement means: a store may give it back in another of its spellings (IAM, "Policy elements")."""
    principal = statement.get("Principal")
    lists = {key: value if isinstance(value, list) else [value] for key, value in statement.items()}
    return {
        **{key: sorted(map(str, value)) for key, value in lists.items() if key != "Principal"},
        "Principal": "*" if principal in ({"AWS": "*"}, {"AWS": ["*"]}) else principal,
    }


def _state(found: object, right: bool) -> State:
    if found is None:
        return State.UNSUPPORTED
    return State.RIGHT if right else State.TO_DO
