"""What AWS's own words settle where the policies that they speak of, or the caller, are not at hand.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import json
import re
from collections.abc import Mapping

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.diagnose.known import Known
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.policy import Layer

__all__ = ["told", "told_layer"]

_GUARDRAILS: Mapping[Layer | None, str] = {
    Layer.BOUNDARY: "an administrator of the account",
    Layer.SCP: "an administrator of the organization",
    Layer.RCP: "an administrator of the organization",
    Layer.ENDPOINT: "the owner of the endpoint",
}


def told(refusal: Refusal) -> Known | None:
    """The cause in AWS's words; None where they settle nothing."""
    if refusal.explicit is not None:
        return told_layer(refusal, refusal.principal or "the caller", _what(refusal), refusal.resource)
    return _kms(refusal) or _queue(refusal) or _s3(refusal)


def _what(refusal: Refusal) -> str:
    action = refusal.action or "the action"
    return action if refusal.resource in {"", "*"} else f"{action} on {refusal.resource}"


def told_layer(refusal: Refusal, who: str, what: str, resource: str) -> Known:
    """What the layer that AWS names means: a deny and a guardrail are left, a missing allow is added."""
    named = f" ({refusal.policy_arn})" if refusal.policy_arn else ""
    if refusal.explicit:
        kind = refusal.layer or "policy, of a kind that it does not name,"
        cause = f"AWS says that a {kind}{named} denies {what} to {who}; it is not at hand"
        return Known(cause=cause, mends=(_left(refusal),))
    cause = f"AWS says that no {refusal.layer} allows {what} to {who}; what is attached there is not at hand"
    return Known(cause=cause, mends=tuple(_allowing(refusal, resource)))


def _left(refusal: Refusal) -> Mend:
    approver = _GUARDRAILS.get(refusal.layer, "whoever set the policy")
    if refusal.layer is None:
        title = (
            "leave the deny, and add no allow, which cannot help: look which condition of it the request does not meet (an MFA session, "
            "a Region, a tag, a permissions boundary for what is made, a network), and make the request so"
        )
    else:
        title = f"leave the {refusal.layer}, and make the request so that it does not apply; or ask why it denies this"
    return Mend(title=title, told=Remedy.LEAVE, approver=approver)


def _allowing(refusal: Refusal, resource: str) -> list[Mend]:
    layer, action = refusal.layer, refusal.action or "ACTION"
    statement: dict[str, object] = {"Effect": "Allow", "Action": action, "Resource": _granted(action, resource)}
    if layer in _GUARDRAILS:
        title = f"leave the {layer}, if it keeps {action} out on purpose, and do it as a principal that may"
        return [Mend(title=title, told=Remedy.LEAVE, approver=_GUARDRAILS[layer])]
    if layer in {Layer.RESOURCE, Layer.TRUST}:
        statement = {"Effect": "Allow", "Principal": {"AWS": refusal.principal or "CALLER"}, **statement}
        statement = {key: value for key, value in statement.items() if key != "Resource" or layer is Layer.RESOURCE}
    owner, caller = Arn.parse(resource), Arn.parse(refusal.principal)
    foreign = layer in {Layer.RESOURCE, Layer.TRUST} and owner and caller and owner.account not in {"", caller.account}
    return [
        Mend(
            title=f"have the {layer} allow it: {json.dumps(statement)}",
            told=Remedy.OWNER if foreign else Remedy.ALLOW,
            approver=f"an administrator of account {owner.account if foreign and owner else caller.account}"
            if caller
            else "an administrator of the account",
        )
    ]


def _granted(action: str, resource: str) -> str:
    """The Resource to allow: an ARN as it is; what is none, as a telephone number, is reached by * alone."""
    if Arn.parse(resource) is not None:
        return resource
    known = catalog.action(action)
    return (
        "*"
        if not resource or resource == "*" or known is None or not known.resource_types or "+" in resource
        else resource
    )


def _kms(refusal: Refusal) -> Known | None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html."""
    if "Access to KMS is not allowed" not in refusal.text:
        return None
    return Known(
        cause="the caller may use the secret, and not the KMS key that encrypts it",
        mends=(
            Mend(
                title="allow the caller kms:Decrypt (to write, kms:GenerateDataKey too) on the secret's key, in its policies and in the key policy",
                told=Remedy.ALLOW,
                approver="the key's owner",
            ),
            Mend(
                title="or look whether the key is the one meant: aws/secretsmanager cannot be used from another account",
                told=Remedy.REQUEST,
            ),
        ),
    )


def _queue(refusal: Refusal) -> Known | None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html."""
    if not refusal.resource.startswith("arn:aws:sqs:") or "is denied" not in refusal.text:
        return None
    return Known(
        cause=f"SQS says no more than that {refusal.resource} is denied: neither the caller's policies nor the queue's let it in",
        mends=(
            Mend(
                title="let the sender in by the queue's policy: for a topic, sns.amazonaws.com with aws:SourceArn of the topic; for a user or role "
                "of the account, sqs:SendMessage in its own policies does",
                told=Remedy.ALLOW,
                approver="the queue's owner",
            ),
            Mend(title="check the account, Region and name in the queue's address", told=Remedy.REQUEST),
        ),
    )


_BARE = re.compile(r"\b(?:Access Denied|Forbidden)\b")
_ADMIN = "an administrator of the account"
_OWNER = "the bucket's owner"
_NARROW = (
    Remedy.REQUEST,
    "if what is to be set is public: make it non-public, or take Block Public Access off this bucket and account, where public is really meant",
    _OWNER,
)
_BY_ACTION: Mapping[str, tuple[tuple[Remedy, str, str], ...]] = {
    "s3:PutBucketPolicy": (_NARROW,),
    "s3:PutBucketAcl": (_NARROW,),
    "s3:PutObjectAcl": (
        (
            Remedy.REQUEST,
            "leave the ACL out: buckets have ACLs off (BucketOwnerEnforced), and Block Public Access refuses public ones",
            _OWNER,
        ),
    ),
}
_KEYS: Mapping[str, str] = {"s3:PutObject": "kms:GenerateDataKey and kms:Decrypt"}
_WHERE: Mapping[str, str] = {"s3:ListBucket": "on the bucket itself (arn:aws:s3:::BUCKET, without /*)"}


def _s3(refusal: Refusal) -> Known | None:
    """S3's bare words about an operation that the wrapper names.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    action = _s3_action(refusal)
    if action in {"", "s3:GetObject"} or not _BARE.search(refusal.text):
        return None
    operation = refusal.operation or action.partition(":")[2]
    because = " (public access is blocked by default)" if action in {"s3:PutBucketPolicy", "s3:PutBucketAcl"} else ""
    ways = [Mend(title=title, told=kind, approver=approver) for kind, title, approver in _BY_ACTION.get(action, ())]
    ways.append(
        Mend(
            title=f"allow the caller {action} {_WHERE.get(action, 'on the bucket' if 'Object' not in action else 'on its objects (arn:aws:s3:::BUCKET/*)')}",
            told=Remedy.ALLOW,
            approver=_ADMIN,
        )
    )
    if action in _KEYS:
        ways.append(
            Mend(
                title=f"if the bucket has a KMS key: allow {_KEYS[action]} on it too, in the key policy as well for another account's key",
                told=Remedy.ALLOW,
                approver="the key's owner",
            )
        )
    return Known(
        cause=f"S3 gives no reason for refusing {operation}, which needs {action}{because}: who called, and the bucket's policy, would tell",
        mends=tuple(ways),
    )


_OPERATIONS: Mapping[str, str] = {
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "HeadObject": "s3:GetObject",
    "CopyObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObject",
}


def _s3_action(refusal: Refusal) -> str:
    """The permission that the operation needs; "" for what is no operation of S3."""
    if refusal.action:
        return refusal.action if refusal.action.startswith("s3:") and not refusal.principal else ""
    found = _OPERATIONS.get(refusal.operation, f"s3:{refusal.operation}")
    return found if refusal.operation and catalog.action(found) is not None else ""
