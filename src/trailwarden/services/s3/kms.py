"""KMS keys of objects: that they are there, and that the caller may use them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms-permissions
"""

import msgspec

from trailwarden.arn import Arn
from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.s3.bucket import Bucket
from trailwarden.services.s3.stored import Stored
from trailwarden.services.world import World

__all__ = [
    "KmsDisabledException",
    "KmsInvalidStateException",
    "KmsNotFoundException",
    "demand_key",
    "encryption_context",
    "with_data_key",
]

_MANAGED = ":alias/aws/s3"


class KmsNotFoundException(AwsError):
    """The key does not exist; S3 passes KMS's refusal on."""

    code = "KMS.NotFoundException"
    message = "Key '{key}' does not exist"


class KmsDisabledException(AwsError):
    """The key is disabled; S3 passes KMS's refusal on."""

    code = "KMS.DisabledException"
    message = "{key} is disabled."


class KmsInvalidStateException(AwsError):
    """The key is about to be deleted; S3 passes KMS's refusal on."""

    code = "KMS.KMSInvalidStateException"
    message = "{key} is pending deletion."


def encryption_context(bucket: Bucket, stored: Stored) -> dict[str, str | tuple[str, ...]]:
    """The condition keys of the encryption context under which an object's data key stands.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
    """
    encrypted = bucket.arn if stored.bucket_key else f"{bucket.arn}/{stored.key}"
    pairs = {**stored.encryption_context, "aws:s3:arn": encrypted}
    return {
        **{f"kms:EncryptionContext:{name}": value for name, value in pairs.items()},
        "kms:EncryptionContextKeys": tuple(pairs),
    }


def with_data_key(call: Call, world: World, bucket: Bucket, stored: Stored) -> Stored:
    """The object to be written, its key named by the key's own ARN: an alias may come to stand for another key later.

    As `demand_key` for kms:GenerateDataKey.
    """
    demand_key(call, world, bucket, stored, "kms:GenerateDataKey")
    arn = Arn.parse(stored.kms_key)
    facts = world.resource(arn) if arn is not None and not stored.kms_key.endswith(_MANAGED) else None
    return msgspec.structs.replace(stored, kms_key=facts.arn) if facts is not None and facts.arn else stored


def demand_key(call: Call, world: World, bucket: Bucket, stored: Stored, action: str) -> None:
    """Whether the caller may have its object encrypted (kms:GenerateDataKey) or decrypted (kms:Decrypt).

    KmsNotFoundException, AccessDenied, KmsDisabledException, KmsInvalidStateException. The key that AWS manages for S3
    serves everybody in the account.
    """
    if not stored.encryption or stored.kms_key.endswith(_MANAGED) or "kms" not in world.facts:
        return
    arn = Arn.parse(stored.kms_key)
    facts = world.resource(arn) if arn is not None else None
    if facts is None:
        raise KmsNotFoundException(key=stored.kms_key)
    check = Check(
        action=action,
        resource=facts.arn or stored.kms_key,
        context={
            "kms:CallerAccount": call.account,
            "kms:ViaService": f"s3.{bucket.region}.amazonaws.com",
            **encryption_context(bucket, stored),
        },
    )
    world.authorizer.demand(call.caller, check, world.transaction, now=call.now, region=call.region)
    if facts.unusable:
        refusal = KmsDisabledException if facts.unusable == "Disabled" else KmsInvalidStateException
        raise refusal(key=facts.arn)
