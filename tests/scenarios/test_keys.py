"""KMS through stock clients: key policies, grants, aliases and ciphertexts decide together."""

import base64
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
def mateo(live: Live) -> User:
    """A user without any permission."""
    return live.user("mateojackson-keys")


def arn_of(live: Live, user: User) -> str:
    return f"arn:aws:iam::{live.account}:user/{user.name}"


def denial(live: Live, user: User, action: str, resource: str) -> tuple[str, str]:
    return "AccessDeniedException", (
        f"User: {arn_of(live, user)} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def test_denials_name_the_key_behind_alias_and_ciphertext_and_grants_lift_them(live: Live, mateo: User) -> None:
    kms, his = live.client("kms"), mateo.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/secrets", TargetKeyId=key)
    context = {"team": "audit"}
    blob = kms.encrypt(KeyId="alias/secrets", Plaintext=b"secret", EncryptionContext=context)["CiphertextBlob"]
    assert refused(his.encrypt, KeyId="alias/secrets", Plaintext=b"x") == denial(live, mateo, "kms:Encrypt", key)
    decrypt = {"CiphertextBlob": blob, "EncryptionContext": context}
    assert refused(his.decrypt, **decrypt) == denial(live, mateo, "kms:Decrypt", key)
    alias = f"arn:aws:kms:us-east-1:{live.account}:alias/secrets"
    assert refused(his.delete_alias, AliasName="alias/secrets") == denial(live, mateo, "kms:DeleteAlias", alias)

    grant = kms.create_grant(
        KeyId=key,
        GranteePrincipal=arn_of(live, mateo),
        Operations=["Decrypt", "RetireGrant"],
        Constraints={"EncryptionContextSubset": context},
    )
    assert his.decrypt(**decrypt)["Plaintext"] == b"secret"
    his.retire_grant(GrantToken=grant["GrantToken"])
    assert refused(his.decrypt, **decrypt)[0] == "AccessDeniedException"


def test_not_even_the_root_user_passes_a_key_policy_that_leaves_it_out(live: Live, mateo: User) -> None:
    kms = live.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    only = {"Effect": "Allow", "Principal": {"AWS": arn_of(live, mateo)}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [only]})
    assert refused(kms.put_key_policy, KeyId=key, Policy=policy) == (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert refused(kms.describe_key, KeyId=key)[1].endswith(
        "because no resource-based policy allows the kms:DescribeKey action"
    )
    assert mateo.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


def test_what_does_not_exist_is_told_to_those_who_may_ask(live: Live, mateo: User) -> None:
    gone = "12345678-1234-1234-1234-123456789012"
    arn = f"arn:aws:kms:us-east-1:{live.account}:key/{gone}"
    assert refused(live.client("kms").describe_key, KeyId=gone) == ("NotFoundException", f"Key '{arn}' does not exist")
    assert refused(mateo.client("kms").describe_key, KeyId=gone) == denial(live, mateo, "kms:DescribeKey", arn)


def test_s3_asks_the_key_for_its_caller(live: Live, mateo: User) -> None:
    kms, s3, iam, bucket = live.client("kms"), live.client("s3"), live.client("iam"), "amzn-s3-demo-sealed"
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=bucket)
    sealed = {"Bucket": bucket, "Key": "o", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(**sealed, Body=b"secret")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName=mateo.name, PolicyName="s3", PolicyDocument=json.dumps(document))
    his = mateo.client("s3")
    for call, params, action in (
        (his.get_object, {"Bucket": bucket, "Key": "o"}, "kms:Decrypt"),
        (his.put_object, {**sealed, "Body": b"x"}, "kms:GenerateDataKey"),
    ):
        code, text = refused(call, **params)
        assert (code, text) == ("AccessDenied", denial(live, mateo, action, key)[1])
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    document["Statement"].append({**statement, "Action": "kms:*", "Condition": via})
    iam.put_user_policy(UserName=mateo.name, PolicyName="s3", PolicyDocument=json.dumps(document))
    his.put_object(**sealed, Body=b"changed")
    assert his.get_object(Bucket=bucket, Key="o")["Body"].read() == b"changed"
    assert refused(mateo.client("kms").encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    kms.disable_key(KeyId=key)
    assert refused(his.get_object, Bucket=bucket, Key="o") == ("KMS.DisabledException", f"{key} is disabled.")


def test_s3_keeps_the_key_behind_an_alias_and_the_context_that_was_asked(live: Live) -> None:
    kms, s3, bucket = live.client("kms"), live.client("s3"), "amzn-s3-demo-alias"
    key, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    kms.create_alias(AliasName="alias/objects", TargetKeyId=key)
    s3.create_bucket(Bucket=bucket)
    alias = f"arn:aws:kms:us-east-1:{live.account}:alias/objects"
    context = base64.b64encode(b'{"team": "audit"}').decode()
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": alias, "SSEKMSEncryptionContext": context}
    s3.put_object(Bucket=bucket, Key="o", Body=b"x", **sealed)
    kms.update_alias(AliasName="alias/objects", TargetKeyId=other)
    assert s3.head_object(Bucket=bucket, Key="o")["SSEKMSKeyId"] == key
    reader = live.user("marymajor-reader")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    for team, read in (("sales", False), ("audit", True)):
        team_only = {"StringEquals": {"kms:EncryptionContext:team": team}}
        decrypt = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": team_only}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement, decrypt]})
        live.client("iam").put_user_policy(UserName=reader.name, PolicyName="given", PolicyDocument=policy)
        get = reader.client("s3").get_object
        if read:
            assert get(Bucket=bucket, Key="o")["Body"].read() == b"x"
        else:
            assert refused(get, Bucket=bucket, Key="o")[0] == "AccessDenied"
    wrong = {**sealed, "SSEKMSEncryptionContext": "bm8="}
    assert refused(s3.put_object, Bucket=bucket, Key="o", Body=b"x", **wrong)[0] == "InvalidArgument"
