"""What S3 answers a stock client beyond the plain case."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live


@pytest.fixture(scope="module")
def bucket(live: Live) -> str:
    name = "amzn-s3-demo-answers"
    live.client("s3").create_bucket(Bucket=name)
    return name


def allow(live: Live, user: str, *actions: str, resource: str = "*") -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": statement}
    live.client("iam").put_user_policy(UserName=user, PolicyName="s3", PolicyDocument=json.dumps(policy))


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    response: dict[str, Any] = raised.value.response
    return response


def test_a_denial_quotes_the_arn(live: Live, bucket: str) -> None:
    user = live.user("mateojackson-quoted")
    error = refusal(user.client("s3").get_object, Bucket=bucket, Key="a/b")["Error"]
    assert error["Code"] == "AccessDenied"
    assert error["Message"] == (
        f"User: arn:aws:iam::{live.account}:user/mateojackson-quoted is not authorized to perform: s3:GetObject "
        f'on resource: "arn:aws:s3:::{bucket}/a/b" because no identity-based policy allows the s3:GetObject action'
    )


def test_objects_are_refused_one_by_one(live: Live, bucket: str) -> None:
    user = live.user("mateojackson-deletes")
    allow(live, user.name, "s3:DeleteObject", resource=f"arn:aws:s3:::{bucket}/mine/*")
    for key in ("mine/a", "yours/b", "mine/c"):
        live.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    keys = [{"Key": key} for key in ("mine/a", "yours/b", "mine/c")]
    answer = user.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": keys})
    assert [each["Key"] for each in answer["Deleted"]] == ["mine/a", "mine/c"]
    (error,) = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("yours/b", "AccessDenied")
    assert "no identity-based policy allows the s3:DeleteObject action" in error["Message"]
    left = live.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    assert [each["Key"] for each in left] == ["yours/b"]


def test_whoever_may_delete_nothing_deletes_nothing(live: Live, bucket: str) -> None:
    user = live.user("mateojackson-nothing")
    live.client("s3").put_object(Bucket=bucket, Key="kept", Body=b"x")
    answer = user.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "kept"}], "Quiet": True})
    assert ("Deleted" in answer, [each["Code"] for each in answer["Errors"]]) == (False, ["AccessDenied"])
    assert live.client("s3").head_object(Bucket=bucket, Key="kept")["ContentLength"] == 1
