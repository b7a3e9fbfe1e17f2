"""KMS through stock clients: key policies, grants, aliases and ciphertexts decide together."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture(scope="module")
def paul(live: Live) -> User:
    """A user without any permission."""
    return live.user("paulosantos")


def arn_of(live: Live, user: User) -> str:
    return f"arn:aws:iam::{live.account}:user/{user.name}"


def denial(live: Live, user: User, action: str, resource: str) -> tuple[str, str]:
    return "AccessDeniedException", (
        f"User: {arn_of(live, user)} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def test_denials_name_the_key_behind_alias_and_ciphertext_and_grants_lift_them(live: Live, paul: User) -> None:
    kms, his = live.client("kms"), paul.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/secrets", TargetKeyId=key)
    context = {"team": "audit"}
    blob = kms.encrypt(KeyId="alias/secrets", Plaintext=b"secret", EncryptionContext=context)["CiphertextBlob"]
    assert refused(his.encrypt, KeyId="alias/secrets", Plaintext=b"x") == denial(live, paul, "kms:Encrypt", key)
    decrypt = {"CiphertextBlob": blob, "EncryptionContext": context}
    assert refused(his.decrypt, **decrypt) == denial(live, paul, "kms:Decrypt", key)
    alias = f"arn:aws:kms:us-east-1:{live.account}:alias/secrets"
    assert refused(his.delete_alias, AliasName="alias/secrets") == denial(live, paul, "kms:DeleteAlias", alias)

    grant = kms.create_grant(
        KeyId=key,
        GranteePrincipal=arn_of(live, paul),
        Operations=["Decrypt", "RetireGrant"],
        Constraints={"EncryptionContextSubset": context},
    )
    assert his.decrypt(**decrypt)["Plaintext"] == b"secret"
    his.retire_grant(GrantToken=grant["GrantToken"])
    assert refused(his.decrypt, **decrypt)[0] == "AccessDeniedException"


def test_not_even_the_root_user_passes_a_key_policy_that_leaves_it_out(live: Live, paul: User) -> None:
    kms = live.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    only = {"Effect": "Allow", "Principal": {"AWS": arn_of(live, paul)}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [only]})
    assert refused(kms.put_key_policy, KeyId=key, Policy=policy) == (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert refused(kms.describe_key, KeyId=key)[1].endswith(
        "because no resource-based policy allows the kms:DescribeKey action"
    )
    assert paul.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


def test_what_does_not_exist_is_told_to_those_who_may_ask(live: Live, paul: User) -> None:
    gone = "12345678-1234-1234-1234-123456789012"
    arn = f"arn:aws:kms:us-east-1:{live.account}:key/{gone}"
    assert refused(live.client("kms").describe_key, KeyId=gone) == ("NotFoundException", f"Key '{arn}' does not exist")
    assert refused(paul.client("kms").describe_key, KeyId=gone) == denial(live, paul, "kms:DescribeKey", arn)


def test_s3_asks_the_key_for_its_caller(live: Live, paul: User) -> None:
    kms, s3, iam, bucket = live.client("kms"), live.client("s3"), live.client("iam"), "amzn-s3-demo-sealed"
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=bucket)
    sealed = {"Bucket": bucket, "Key": "o", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(**sealed, Body=b"secret")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName=paul.name, PolicyName="s3", PolicyDocument=json.dumps(document))
    his = paul.client("s3")
    for call, params, action in (
        (his.get_object, {"Bucket": bucket, "Key": "o"}, "kms:Decrypt"),
        (his.put_object, {**sealed, "Body": b"x"}, "kms:GenerateDataKey"),
    ):
        code, text = refused(call, **params)
        assert (code, text) == ("AccessDenied", denial(live, paul, action, key)[1])
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    document["Statement"].append({**statement, "Action": "kms:*", "Condition": via})
    iam.put_user_policy(UserName=paul.name, PolicyName="s3", PolicyDocument=json.dumps(document))
    his.put_object(**sealed, Body=b"changed")
    assert his.get_object(Bucket=bucket, Key="o")["Body"].read() == b"changed"
    assert refused(paul.client("kms").encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    kms.disable_key(KeyId=key)
    assert refused(his.get_object, Bucket=bucket, Key="o") == ("KMS.DisabledException", f"{key} is disabled.")
