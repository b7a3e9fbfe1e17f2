"""KMS's answers held against those recorded from AWS: the same members, the same codes, the same texts."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "kms" / "test_kms.json"
pytestmark = pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded answers are not here")

HMAC = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
SIGNING = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
ENCRYPTING = {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}
OAEP = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
CASES: list[tuple[str, str, dict[str, Any] | None, str, dict[str, Any]]] = [
    ("test_create_key", "describe-key", {"Description": "test key 123"}, "describe_key", {}),
    ("test_create_multi_region_key", "create_multi_region_key", {"MultiRegion": True}, "describe_key", {}),
    ("test_hmac_create_key", "describe-key", HMAC, "describe_key", {}),
    ("test_get_key_invalid_uuid", "describe-key-with-invalid-uuid", None, "describe_key", {"KeyId": "fake-key-id"}),
    ("test_get_key_invalid_uuid", "describe-key-with-invalid-uuid-mrk", None, "describe_key", {"KeyId": "mrk-fake-key-id"}),
    ("test_hmac_create_key_invalid_operations", "create-hmac-key-without-key-usage", None, "create_key", {"KeySpec": "HMAC_256"}),
    ("test_create_alias", "create_alias", {}, "create_alias", {"AliasName": "testalias"}),
    ("test_generate_and_verify_mac[HMAC_256-HMAC_SHA_256]", "generate-mac", HMAC, "generate_mac", {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
    ("test_invalid_generate_mac[HMAC_224-HMAC_SHA_256]", "generate-mac", {**HMAC, "KeySpec": "HMAC_224"}, "generate_mac", {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
    ("test_error_messaging_for_invalid_keys", "generate-mac-invalid-key-id", {}, "generate_mac", {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
    ("test_error_messaging_for_invalid_keys", "encrypt-invalid-key-id", SIGNING, "encrypt", {"Plaintext": b"x"}),
    ("test_error_messaging_for_invalid_keys", "decrypt-invalid-key-id", HMAC, "decrypt", {"CiphertextBlob": b"x"}),
    ("test_encrypt_validate_plaintext_size_per_key_type[RSA_2048-RSAES_OAEP_SHA_256]", "generate-random-exc", ENCRYPTING, "encrypt", {**OAEP, "Plaintext": b"x" * 191}),
    ("test_plaintext_size_for_encrypt", "invalid-plaintext-size-encrypt", {}, "encrypt", {"Plaintext": b"x" * 5000}),
    ("test_generate_data_key", "generate-data-key-result", {}, "generate_data_key", {"KeySpec": "AES_256"}),
    ("test_generate_data_key_without_plaintext", "generate-data-key-without-plaintext", {}, "generate_data_key_without_plaintext", {"KeySpec": "AES_256"}),
    ("test_generate_data_key_pair", "generate-data-key-pair", {}, "generate_data_key_pair", {"KeyPairSpec": "RSA_2048"}),
    ("test_generate_data_key_pair_dry_run", "", {}, "generate_data_key_pair", {"KeyPairSpec": "RSA_2048", "DryRun": True}),
    ("test_encrypt_decrypt_encryption_context", "encrypt_response", {}, "encrypt", {"Plaintext": b"x"}),
    ("test_encrypt_decrypt_encryption_context", "decrypt_response_with_invalid_ciphertext", {}, "decrypt", {"CiphertextBlob": b"x"}),
    ("test_tag_key_with_duplicate_tag_keys_raises_error", "duplicate-tag-keys", {}, "tag_resource", {"Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]}),
    ("test_create_key_with_invalid_tag_key[uppercase_prefix]", "invalid-tag-key", None, "create_key", {"Tags": [{"TagKey": "AWS:a", "TagValue": "1"}]}),
    ("test_create_key_with_too_many_tags_raises_error", "", None, "create_key", {"Tags": [{"TagKey": f"k{number}", "TagValue": "1"} for number in range(51)]}),
    ("test_rotate_key_on_demand_raises_error_given_non_symmetric_key", "error-response", HMAC, "rotate_key_on_demand", {}),
    ("test_rotate_on_demand_returns_arn_for_key_id", "rotate-on-demand-aws-key", {}, "rotate_key_on_demand", {}),
    ("test_generate_random_invalid_number_of_bytes[None]", "generate-random-exc", None, "generate_random", {}),
    ("test_generate_random_invalid_number_of_bytes[1025]", "generate-random-exc", None, "generate_random", {"NumberOfBytes": 1025}),
]  # fmt: skip
"""Recorded test, its answer ("" for the first one), the key to make, the call, its members."""

VOLATILE = re.compile(r"arn:[^ :]*:kms:[^ ]*:(key|alias)/[^ '.]+|<[^>]+>")


@pytest.mark.parametrize(("test", "answer", "key", "call", "params"), CASES, ids=[f"{c[0]}:{c[1]}" for c in CASES])
def test_as_recorded(
    live: Live, test: str, answer: str, key: dict[str, Any] | None, call: str, params: dict[str, Any]
) -> None:
    recorded = _recorded(test, answer)
    kms = live.client("kms")
    if key is not None:
        made = kms.create_key(**key)["KeyMetadata"]["KeyId"]
        params = {**params, ("TargetKeyId" if call == "create_alias" else "KeyId"): made}
    _compare(recorded, kms, call, params)


def _recorded(test: str, answer: str) -> Mapping[str, Any]:
    answers = json.loads(RECORDED.read_text())
    content = next(each["recorded-content"] for name, each in answers.items() if name.endswith(f"::{test}"))
    found: Mapping[str, Any] = content[answer] if answer else next(iter(content.values()))
    return found


def _compare(recorded: Mapping[str, Any], kms: Any, call: str, params: dict[str, Any]) -> None:
    if "Error" in recorded:
        with pytest.raises(ClientError) as refused:
            getattr(kms, call)(**params)
        error = refused.value.response["Error"]
        assert error["Code"] == recorded["Error"]["Code"]
        assert _settled(error["Message"]) == _settled(recorded["Error"]["Message"])
        return
    given = getattr(kms, call)(**params)
    given = given.get("KeyMetadata", given)
    assert set(given) - {"KeyMaterialId"} == set(recorded) - {"KeyMaterialId"}
    for member, value in recorded.items():
        if isinstance(value, (bool, list)) and member in given:
            assert given[member] == value


def _settled(text: str) -> str:
    return VOLATILE.sub("…", text)
