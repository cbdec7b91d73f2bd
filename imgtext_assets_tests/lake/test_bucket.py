"""`bucket`: what is wished for is set, what is there stays, and a second time there is nothing to do."""

from __future__ import annotations

import json
import secrets
import socket
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgtext_assets.lake import LakeError
from imgtext_assets.lake.bucket import State, Step, Wish, carry_out, plan

PUBLIC = Wish(public_read=True)
ANOTHERS_RULE = {
    "ID": "logs",
    "Status": "Enabled",
    "Filter": {"Prefix": "logs/"},
    "Expiration": {"Days": 3},
}
ANOTHERS_STATEMENT = {
    "Sid": "TheirAccount",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": ["s3:GetObject"],
    "Resource": ["arn:aws:s3:::BUCKET/theirs/*"],
}


@pytest.fixture
def client(s3_root: str) -> Any:
    return boto3.Session().client("s3")


@pytest.fixture
def missing(s3_root: str) -> str:
    """A lake in a bucket that is not there."""
    return f"s3://new-{secrets.token_hex(4)}/some/prefix"


def bucket_of(root: str) -> str:
    return root.removeprefix("s3://").partition("/")[0]


def prepare(root: str, wish: Wish) -> dict[str, State]:
    return {step.name: carry_out(step).state for step in plan(root, wish)}


def states(steps: list[Step]) -> dict[str, State]:
    return {step.name: step.state for step in steps}


def has_bucket(client: Any, bucket: str) -> bool:
    return bucket in [each["Name"] for each in client.list_buckets()["Buckets"]]


def everything(client: Any, bucket: str) -> dict[str, Any]:
    """All that may be set on a bucket, as boto3 reads it."""
    names = ("bucket_versioning", "bucket_lifecycle_configuration", "public_access_block", "bucket_policy")
    return {name: ask(client, name, bucket) for name in names}


def ask(client: Any, name: str, bucket: str) -> Any:
    try:
        answer = getattr(client, f"get_{name}")(Bucket=bucket)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


def status_for_anybody(endpoint: str, bucket: str, key: str) -> int:
    try:
        with urllib.request.urlopen(f"{endpoint}/{bucket}/{key}") as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_folder_needs_no_preparing() -> None:
    [step] = plan("data/lake", PUBLIC)
    assert (step.wanted, step.state) == ("nothing to prepare", State.RIGHT)
    assert carry_out(step) is step


def test_a_bucket_that_is_missing_is_made_and_gets_all_that_is_wished_for(client: Any, missing: str) -> None:
    bucket = bucket_of(missing)
    assert set(prepare(missing, Wish(keep_versions_days=9, abort_uploads_days=2)).values()) == {
        State.DONE,
        State.RIGHT,  # nobody could read it in public, and nobody shall
    }
    assert client.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    uploads, versions = rules(client, bucket)
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert versions["NoncurrentVersionExpiration"] == {"NoncurrentDays": 9}
    assert versions["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    for rule in (uploads, versions):
        assert rule["Status"] == "Enabled"
        assert rule["Filter"] == {"Prefix": "some/prefix/"}
        assert rule["ID"].startswith("imgtext")
    assert ask(client, "bucket_policy", bucket) == "NoSuchBucketPolicy"


def test_a_plan_changes_nothing(client: Any, s3_root: str, missing: str) -> None:
    before = everything(client, bucket_of(s3_root))
    assert states(plan(s3_root, PUBLIC))["lifecycle"] is State.TO_DO
    assert states(plan(missing, PUBLIC))["bucket"] is State.TO_DO
    assert everything(client, bucket_of(s3_root)) == before
    assert not has_bucket(client, bucket_of(missing))


@given(
    wish=st.builds(
        Wish,
        versioning=st.booleans(),
        keep_versions_days=st.integers(1, 3000),
        abort_uploads_days=st.integers(1, 3000),
        public_read=st.booleans(),
    ),
    prefix=st.sampled_from(["", "/a", "/a/b", "/data lake"]),
    before=st.one_of(st.none(), st.builds(Wish, public_read=st.booleans())),
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_second_time_there_is_nothing_to_do(
    client: Any, s3_root: str, wish: Wish, prefix: str, before: Wish | None
) -> None:
    """Whatever was wished for, and whatever had been before."""
    root = f"s3://new-{secrets.token_hex(4)}{prefix}"
    if before:
        prepare(root, before)
    prepare(root, wish)
    after = everything(client, bucket_of(root))
    assert set(prepare(root, wish).values()) == {State.RIGHT}
    assert everything(client, bucket_of(root)) == after


def test_only_blobs_and_releases_are_public_and_only_where_asked(client: Any, s3_endpoint: str, missing: str) -> None:
    """moto answers 403 to whoever does not sign, but where a policy allows it."""
    bucket = bucket_of(missing)
    prepare(missing, Wish())
    kept = ["some/prefix/blobs/sha256/ab/cd/x", "some/prefix/releases/2026.11.0/manifest.json"]
    private = ["some/prefix/raw_metadata/s.parquet", "blobs/of-another-lake", "some/prefix/blobs-too/x"]
    for key in [*kept, *private]:
        client.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert {status_for_anybody(s3_endpoint, bucket, key) for key in kept} == {403}
    prepare(missing, PUBLIC)
    assert {status_for_anybody(s3_endpoint, bucket, key) for key in kept} == {200}
    assert {status_for_anybody(s3_endpoint, bucket, key) for key in private} == {403}
    prepare(missing, Wish())
    assert {status_for_anybody(s3_endpoint, bucket, key) for key in [*kept, *private]} == {403}
    assert ask(client, "bucket_policy", bucket) == "NoSuchBucketPolicy"


def test_of_the_block_that_aws_sets_only_what_hinders_policies_is_lifted(client: Any, s3_root: str) -> None:
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    bucket = bucket_of(s3_root)
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    prepare(s3_root, Wish())
    assert ask(client, "public_access_block", bucket)["PublicAccessBlockConfiguration"] == blocked
    prepare(s3_root, PUBLIC)
    lifted = blocked | {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    assert ask(client, "public_access_block", bucket)["PublicAccessBlockConfiguration"] == lifted


def test_what_others_have_set_stays(client: Any, s3_root: str) -> None:
    bucket = bucket_of(s3_root)
    theirs = json.loads(json.dumps(ANOTHERS_STATEMENT).replace("BUCKET", bucket))
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [ANOTHERS_RULE]})
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    for wish in (PUBLIC, Wish()):
        prepare(s3_root, wish)
        assert ANOTHERS_RULE in rules(client, bucket)
        statements = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        assert theirs in statements
        assert len(statements) == (2 if wish.public_read else 1)
    assert "1 of others, kept" in next(step.there for step in plan(s3_root, Wish()) if step.name == "lifecycle")


def test_two_lakes_in_one_bucket_leave_each_other_alone(client: Any, s3_root: str) -> None:
    prepare(f"{s3_root}/one", PUBLIC)
    prepare(f"{s3_root}/two", Wish(abort_uploads_days=1))
    assert set(prepare(f"{s3_root}/one", PUBLIC).values()) == {State.RIGHT}
    prefixes = sorted(rule["Filter"]["Prefix"] for rule in rules(client, bucket_of(s3_root)))
    assert prefixes == ["one/", "one/", "two/", "two/"]


def test_rules_of_the_old_form_are_put_in_the_new_one(client: Any, s3_root: str) -> None:
    """S3 refuses the two side by side, and means the same by both."""
    bucket = bucket_of(s3_root)
    old = {key: value for key, value in ANOTHERS_RULE.items() if key != "Filter"} | {"Prefix": "logs/"}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [old]})
    prepare(s3_root, Wish())
    assert ANOTHERS_RULE in rules(client, bucket)
    assert not any("Prefix" in rule for rule in rules(client, bucket))


def test_versioning_is_never_turned_off(client: Any, s3_root: str) -> None:
    prepare(s3_root, Wish())
    assert set(prepare(s3_root, Wish(versioning=False)).values()) == {State.RIGHT}
    assert client.get_bucket_versioning(Bucket=bucket_of(s3_root))["Status"] == "Enabled"


def test_a_bucket_is_made_in_the_region_of_the_environment(
    client: Any, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    prepare(missing, Wish())
    assert client.get_bucket_location(Bucket=bucket_of(missing))["LocationConstraint"] == "eu-west-1"


def test_no_credentials_no_host_and_no_bucket_are_each_one_clear_error(
    s3_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in ("s3://", "s3:///prefix", "gs://bucket/prefix", "https://host/lake"):
        with pytest.raises(LakeError, match="a lake is a folder or s3://bucket/prefix"):
            plan(root, Wish())
    with pytest.raises(LakeError, match="Invalid bucket name"):
        plan("s3://no good name/x", Wish())
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(LakeError, match=r"Could not connect.*check AWS_ENDPOINT_URL"):
            plan(s3_root, Wish())
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(LakeError, match="no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        plan(s3_root, Wish())
