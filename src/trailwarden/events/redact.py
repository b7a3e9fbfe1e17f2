"""What a record never shows: secrets, payloads, key material.

Policy documents and session tokens are shown, as AWS shows them.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from trailwarden.wire.model import Shape

__all__ = ["OMITTED", "Omitted", "redaction"]


class Omitted(Enum):
    """Stands for a member that is left out of the record altogether."""

    OMITTED = "omitted"


OMITTED: Final = Omitted.OMITTED

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"

_SENSITIVE: Mapping[str, str | Omitted] = {
    "iam": OMITTED,
    "kms": OMITTED,
    "lambda": OMITTED,
    "s3": OMITTED,
    "secretsmanager": OMITTED,
    "sts": OMITTED,
    "ec2": "<sensitiveDataRemoved>",
    "organizations": "****",
}
"""How services show members that the model marks sensitive; all others show AWS's general word.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
"""

_MEMBERS: Mapping[tuple[str, str], object] = {
    ("ec2", "KeyMaterial"): "<sensitiveDataRemoved>",
    ("ec2", "UserData"): "<sensitiveDataRemoved>",
    ("iam", "AuthenticationCode1"): OMITTED,
    ("iam", "AuthenticationCode2"): OMITTED,
    ("iam", "SecretAccessKey"): OMITTED,
    ("iam", "ServicePassword"): OMITTED,
    ("lambda", "Environment"): {},
    ("rds", "MasterUserPassword"): _HIDDEN,
    ("redshift", "MasterUserPassword"): _HIDDEN,
    ("rolesanywhere", "tags"): _HIDDEN,
    ("sns", "Message"): _HIDDEN,
    ("sns", "MessageAttributes"): _HIDDEN,
    ("sns", "Subject"): _HIDDEN,
    ("sqs", "MessageAttributes"): _HIDDEN,
    ("sqs", "MessageBody"): _HIDDEN,
    ("ssm", "Parameters"): _HIDDEN,
    ("ssm", "TokenValue"): "Value hidden due to security reasons.",
    ("ssm", "Value"): _HIDDEN,
    ("sts", "SecretAccessKey"): OMITTED,
    ("sts", "TokenCode"): OMITTED,
}
"""Members that real records hide although the model says nothing, by service and member name."""


def redaction(service: str, member: str, shape: Shape) -> object | None:
    """What stands for the member in a record: OMITTED, a word, or None where it may be shown.

    Blobs (key material, code, message bodies) are never shown.
    """
    fixed = _MEMBERS.get((service, member))
    if fixed is not None:
        return fixed
    if shape.raw.sensitive:
        return _SENSITIVE.get(service, _HIDDEN)
    return OMITTED if shape.type == "blob" or shape.raw.eventstream else None
