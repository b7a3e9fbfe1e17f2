import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

from trailwarden.errors import ValidationException
from trailwarden.services.kms.aliases import AlreadyExistsException, InvalidAliasNameException
from trailwarden.services.kms.errors import (
    DisabledException,
    DryRunOperationException,
    IncorrectKeyException,
    InvalidCiphertextException,
    InvalidKeyUsageException,
    KMSInvalidStateException,
    MalformedPolicyDocumentException,
    NotFoundException,
    TagException,
    UnsupportedOperationException,
)
from trailwarden.services.kms.paging import InvalidMarkerException
from trailwarden.services.kms.signing import KMSInvalidMacException, KMSInvalidSignatureException

DAY = 86_400
CONTEXT = {"aws:cloudtrail:arn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/My-Trail"}


def arn_of(key: str, region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key}"


def test_a_new_key_has_the_members_and_the_policy_that_aws_gives(kms: Desk) -> None:
    shown = kms.call("kms:CreateKey", {"Tags": [{"TagKey": "team", "TagValue": "audit"}]})["KeyMetadata"]
    assert {name: shown[name] for name in ("KeySpec", "KeyUsage", "KeyState", "Origin", "Enabled", "MultiRegion")} == {
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "Enabled": True,
        "MultiRegion": False,
    }
    policy = json.loads(kms.call("kms:GetKeyPolicy", {"KeyId": shown["KeyId"]})["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert kms.call("kms:ListResourceTags", {"KeyId": shown["Arn"]})["Tags"] == [
        {"TagKey": "team", "TagValue": "audit"}
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("fake-key-id", "Invalid keyId 'fake-key-id'"),
        (
            "12345678-1234-1234-1234-123456789012",
            f"Key '{arn_of('12345678-1234-1234-1234-123456789012')}' does not exist",
        ),
        ("alias/none", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found."),
        (arn_of("12345678-1234-1234-1234-123456789012", "eu-west-1"), "Invalid arn eu-west-1"),
    ],
)
def test_what_is_not_there_is_told_in_aws_words(kms: Desk, given: str, text: str) -> None:
    with pytest.raises(NotFoundException) as refused:
        kms.call("kms:DescribeKey", {"KeyId": given})
    assert refused.value.text == text


def test_operations_on_keys_take_no_alias(kms: Desk, key: str) -> None:
    kms.call("kms:CreateAlias", {"AliasName": "alias/logs", "TargetKeyId": key})
    with pytest.raises(NotFoundException) as refused:
        kms.call("kms:DisableKey", {"KeyId": "alias/logs"})
    assert refused.value.text == "Invalid keyId 'alias/logs'"


def test_ciphertexts_name_their_key_and_keep_to_their_context(kms: Desk, key: str) -> None:
    blob = kms.call("kms:Encrypt", {"KeyId": key, "Plaintext": b"secret", "EncryptionContext": CONTEXT})[
        "CiphertextBlob"
    ]
    assert b"secret" not in blob
    opened = kms.call("kms:Decrypt", {"CiphertextBlob": blob, "EncryptionContext": CONTEXT})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"secret", arn_of(key))
    other = kms.call("kms:CreateKey")["KeyMetadata"]["KeyId"]
    for wrong, refusal in (
        ({"CiphertextBlob": blob}, InvalidCiphertextException),
        ({"CiphertextBlob": blob, "EncryptionContext": {**CONTEXT, "more": "x"}}, InvalidCiphertextException),
        (
            {"CiphertextBlob": blob[:-1] + bytes([blob[-1] ^ 1]), "EncryptionContext": CONTEXT},
            InvalidCiphertextException,
        ),
        ({"CiphertextBlob": b"nothing of ours"}, InvalidCiphertextException),
        ({"CiphertextBlob": blob[:9]}, InvalidCiphertextException),
        ({"CiphertextBlob": blob, "EncryptionContext": CONTEXT, "KeyId": other}, IncorrectKeyException),
    ):
        with pytest.raises(refusal):
            kms.call("kms:Decrypt", wrong)


def test_encrypting_anew_moves_between_keys_and_contexts(kms: Desk, key: str) -> None:
    other = kms.call("kms:CreateKey")["KeyMetadata"]["KeyId"]
    blob = kms.call("kms:Encrypt", {"KeyId": key, "Plaintext": b"secret"})["CiphertextBlob"]
    moved = kms.call(
        "kms:ReEncrypt",
        {"CiphertextBlob": blob, "DestinationKeyId": other, "DestinationEncryptionContext": CONTEXT},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (arn_of(key), arn_of(other))
    opened = kms.call("kms:Decrypt", {"CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": CONTEXT})
    assert opened["Plaintext"] == b"secret"


def test_old_material_still_decrypts_after_rotation(kms: Desk, key: str) -> None:
    blob = kms.call("kms:Encrypt", {"KeyId": key, "Plaintext": b"secret"})["CiphertextBlob"]
    before = kms.call("kms:DescribeKey", {"KeyId": key})["KeyMetadata"]["CurrentKeyMaterialId"]
    kms.call("kms:RotateKeyOnDemand", {"KeyId": key})
    assert kms.call("kms:DescribeKey", {"KeyId": key})["KeyMetadata"]["CurrentKeyMaterialId"] != before
    opened = kms.call("kms:Decrypt", {"CiphertextBlob": blob})
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"secret", before)


def test_data_keys_decrypt_to_their_plaintext(kms: Desk, key: str) -> None:
    made = kms.call("kms:GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": CONTEXT})
    opened = kms.call("kms:Decrypt", {"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": CONTEXT})
    assert len(made["Plaintext"]) == 32
    assert opened["Plaintext"] == made["Plaintext"]
    assert "Plaintext" not in kms.call("kms:GenerateDataKeyWithoutPlaintext", {"KeyId": key, "NumberOfBytes": 8})
    with pytest.raises(ValidationException):
        kms.call("kms:GenerateDataKey", {"KeyId": key})
    with pytest.raises(DryRunOperationException):
        kms.call("kms:GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256", "DryRun": True})


def test_states_are_enforced(kms: Desk, key: str) -> None:
    blob = kms.call("kms:Encrypt", {"KeyId": key, "Plaintext": b"x"})["CiphertextBlob"]
    kms.call("kms:DisableKey", {"KeyId": key})
    with pytest.raises(DisabledException) as disabled:
        kms.call("kms:Decrypt", {"CiphertextBlob": blob})
    assert disabled.value.text == f"{arn_of(key)} is disabled."
    planned = kms.call("kms:ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    assert planned["DeletionDate"] == NOW + 7 * DAY
    for operation, params in (
        ("Decrypt", {"CiphertextBlob": blob}),
        ("EnableKey", {"KeyId": key}),
        ("TagResource", {"KeyId": key, "Tags": []}),
        ("CreateAlias", {"AliasName": "alias/x", "TargetKeyId": key}),
        ("ScheduleKeyDeletion", {"KeyId": key}),
    ):
        with pytest.raises(KMSInvalidStateException) as pending:
            kms.call(f"kms:{operation}", params)
        assert pending.value.text == f"{arn_of(key)} is pending deletion."
    kms.call("kms:CancelKeyDeletion", {"KeyId": key})
    assert kms.call("kms:DescribeKey", {"KeyId": key})["KeyMetadata"]["KeyState"] == "Disabled"
    kms.call("kms:EnableKey", {"KeyId": key})
    assert kms.call("kms:Decrypt", {"CiphertextBlob": blob})["Plaintext"] == b"x"


def test_a_deleted_key_is_gone_when_its_time_has_come(kms: Desk, key: str) -> None:
    kms.call("kms:ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    kms.now = NOW + 7 * DAY
    with pytest.raises(NotFoundException):
        kms.call("kms:DescribeKey", {"KeyId": key})
    assert kms.call("kms:ListKeys")["Keys"] == []


def test_aliases_stand_for_keys(kms: Desk, key: str) -> None:
    kms.call("kms:CreateAlias", {"AliasName": "alias/logs", "TargetKeyId": key})
    alias = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/logs"
    for given in ("alias/logs", alias):
        assert kms.call("kms:DescribeKey", {"KeyId": given})["KeyMetadata"]["KeyId"] == key
    with pytest.raises(AlreadyExistsException) as twice:
        kms.call("kms:CreateAlias", {"AliasName": "alias/logs", "TargetKeyId": key})
    assert twice.value.text == f"An alias with the name {alias} already exists"
    for name, refusal in (
        ("logs", ValidationException),
        ("alias/aws/mine", InvalidAliasNameException),
        ("alias/a b", InvalidAliasNameException),
    ):
        with pytest.raises(refusal):
            kms.call("kms:CreateAlias", {"AliasName": name, "TargetKeyId": key})
    other = kms.call("kms:CreateKey")["KeyMetadata"]["KeyId"]
    kms.call("kms:UpdateAlias", {"AliasName": "alias/logs", "TargetKeyId": other})
    assert [each["TargetKeyId"] for each in kms.call("kms:ListAliases")["Aliases"]] == [other]
    assert kms.call("kms:ListAliases", {"KeyId": key})["Aliases"] == []
    kms.call("kms:DeleteAlias", {"AliasName": "alias/logs"})
    with pytest.raises(NotFoundException):
        kms.call("kms:DeleteAlias", {"AliasName": "alias/logs"})


def policy(principal: str, action: str = "kms:*") -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_key_policy_that_locks_everybody_out_is_refused(kms: Desk, key: str) -> None:
    kms.call("iam:CreateUser", {"UserName": "mateojackson"})
    mateo = f"arn:aws:iam::{ACCOUNT}:user/mateojackson"
    with pytest.raises(MalformedPolicyDocumentException) as refused:
        kms.call("kms:PutKeyPolicy", {"KeyId": key, "Policy": policy(mateo)})
    assert refused.value.text == "The new key policy will not allow you to update the key policy in the future."
    kms.call("kms:PutKeyPolicy", {"KeyId": key, "Policy": policy(mateo)}, caller=kms.as_user("mateojackson"))
    again = {"KeyId": key, "Policy": policy(mateo, "kms:Describe*"), "BypassPolicyLockoutSafetyCheck": True}
    kms.call("kms:PutKeyPolicy", again)
    assert kms.call("kms:GetKeyPolicy", {"KeyId": key})["Policy"] == policy(mateo, "kms:Describe*")


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", None),
        (
            policy(f"arn:aws:iam::{ACCOUNT}:user/nobody"),
            "Policy contains a statement with one or more invalid principals.",
        ),
    ],
)
def test_a_key_policy_must_be_one(kms: Desk, key: str, document: str, text: str | None) -> None:
    with pytest.raises(MalformedPolicyDocumentException) as refused:
        kms.call("kms:PutKeyPolicy", {"KeyId": key, "Policy": document})
    assert text in (None, refused.value.text)


def test_rotation_is_for_symmetric_keys(kms: Desk, key: str, made: Callable[..., Any]) -> None:
    assert kms.call("kms:GetKeyRotationStatus", {"KeyId": key}) == {"KeyId": key, "KeyRotationEnabled": False}
    kms.call("kms:EnableKeyRotation", {"KeyId": key, "RotationPeriodInDays": 90})
    status = kms.call("kms:GetKeyRotationStatus", {"KeyId": key})
    assert (status["RotationPeriodInDays"], status["NextRotationDate"]) == (90, NOW + 90 * DAY)
    kms.call("kms:DisableKeyRotation", {"KeyId": key})
    assert not kms.call("kms:GetKeyRotationStatus", {"KeyId": key})["KeyRotationEnabled"]
    with pytest.raises(UnsupportedOperationException):
        kms.call("kms:EnableKeyRotation", {"KeyId": made("HMAC_256", "GENERATE_VERIFY_MAC")})


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512"),
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ],
)
def test_signatures(kms: Desk, made: Callable[..., Any], spec: str, algorithm: str) -> None:
    asked = {"KeyId": made(spec, "SIGN_VERIFY"), "Message": b"a message", "SigningAlgorithm": algorithm}
    signature = kms.call("kms:Sign", asked)["Signature"]
    assert kms.call("kms:Verify", {**asked, "Signature": signature})["SignatureValid"]
    with pytest.raises(KMSInvalidSignatureException):
        kms.call("kms:Verify", {**asked, "Message": b"another", "Signature": signature})
    with pytest.raises(ValidationException) as refused:
        kms.call("kms:Sign", {**asked, "MessageType": "DIGEST"})
    assert refused.value.text == f"Digest is invalid length for algorithm {algorithm}."


def test_codes(kms: Desk, key: str, made: Callable[..., Any]) -> None:
    asked = {"KeyId": made("HMAC_256", "GENERATE_VERIFY_MAC"), "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    code = kms.call("kms:GenerateMac", asked)["Mac"]
    assert kms.call("kms:VerifyMac", {**asked, "Mac": code})["MacValid"]
    with pytest.raises(KMSInvalidMacException):
        kms.call("kms:VerifyMac", {**asked, "Mac": code[:-1] + b"x"})
    with pytest.raises(InvalidKeyUsageException) as refused:
        kms.call("kms:GenerateMac", {**asked, "KeyId": key})
    assert refused.value.text == f"{arn_of(key)} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac."


def test_rsa_keys_encrypt_little(kms: Desk, made: Callable[..., Any]) -> None:
    asked = {"KeyId": made("RSA_2048", "ENCRYPT_DECRYPT"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms.call("kms:Encrypt", {**asked, "Plaintext": b"x" * 190})["CiphertextBlob"]
    assert kms.call("kms:Decrypt", {**asked, "CiphertextBlob": blob})["Plaintext"] == b"x" * 190
    with pytest.raises(ValidationException) as refused:
        kms.call("kms:Encrypt", {**asked, "Plaintext": b"x" * 191})
    assert refused.value.text == (
        "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes."
    )


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"KeySpec": "HMAC_256"}, ValidationException),
        ({"KeySpec": "HMAC_256", "KeyUsage": "SIGN_VERIFY"}, ValidationException),
        ({"Origin": "EXTERNAL"}, UnsupportedOperationException),
        ({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}, UnsupportedOperationException),
        ({"Tags": [{"TagKey": "AWS:x", "TagValue": ""}]}, TagException),
    ],
)
def test_keys_that_cannot_be(kms: Desk, asked: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        kms.call("kms:CreateKey", asked)
    assert kms.call("kms:ListKeys")["Keys"] == []


def test_pages(kms: Desk) -> None:
    ids = sorted(kms.call("kms:CreateKey")["KeyMetadata"]["KeyId"] for _ in range(3))
    first = kms.call("kms:ListKeys", {"Limit": 2})
    rest = kms.call("kms:ListKeys", {"Limit": 2, "Marker": first["NextMarker"]})
    assert [each["KeyId"] for each in (*first["Keys"], *rest["Keys"])] == ids
    assert (first["Truncated"], rest["Truncated"]) == (True, False)
    with pytest.raises(InvalidMarkerException):
        kms.call("kms:ListKeys", {"Marker": "!"})


def test_other_accounts_reach_a_key_by_its_arn_and_manage_none(kms: Desk, key: str) -> None:
    stranger = root(OTHER)
    assert kms.call("kms:DescribeKey", {"KeyId": arn_of(key)}, caller=stranger)["KeyMetadata"]["KeyId"] == key
    with pytest.raises(NotFoundException):
        kms.call("kms:DescribeKey", {"KeyId": key}, caller=stranger)
    with pytest.raises(NotFoundException):
        kms.call("kms:DisableKey", {"KeyId": arn_of(key)}, caller=stranger)
