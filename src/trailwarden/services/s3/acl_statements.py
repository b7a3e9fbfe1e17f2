"""What grants of access control lists amount to, as policy statements.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.auth.callers import canonical_id
from trailwarden.services.s3.bucket import Bucket, Grant
from trailwarden.services.s3.grants import ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY
from trailwarden.services.s3.stored import Stored

__all__ = ["bucket_statements", "object_statements"]

_BUCKET_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_IN_BUCKET_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "WRITE": ("s3:PutObject",),
}
_OBJECT_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}
_PRINCIPALS: Mapping[str, Any] = {
    ALL_USERS: "*",
    AUTHENTICATED_USERS: {"AWS": "*"},
    LOG_DELIVERY: {"Service": "logging.s3.amazonaws.com"},
}
_SIGNED = {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}


def bucket_statements(bucket: Bucket, grants: Iterable[Grant]) -> tuple[str, ...]:
    """Policies of one statement for the bucket's own list; the owner's grants are left out, its policies decide."""
    own = canonical_id(bucket.account)
    found = []
    for grant in grants:
        if grant.id != own:
            found.append(_policy(grant, _BUCKET_ACTIONS, bucket.arn))
            found.append(_policy(grant, _IN_BUCKET_ACTIONS, f"{bucket.arn}/*"))
    return tuple(text for text in found if text)


def object_statements(bucket: Bucket, stored: Stored | None, grants: Iterable[Grant]) -> tuple[str, ...]:
    """The same for an object's list."""
    if stored is None:
        return ()
    own = canonical_id(stored.owner or bucket.account)
    resource = f"{bucket.arn}/{_literal(stored.key)}"
    found = [_policy(grant, _OBJECT_ACTIONS, resource) for grant in grants if grant.id != own]
    return tuple(text for text in found if text)


def _policy(grant: Grant, table: Mapping[str, tuple[str, ...]], resource: str) -> str:
    if grant.permission == "FULL_CONTROL":
        actions = [action for listed in table.values() for action in listed]
    else:
        actions = list(table.get(grant.permission, ()))
    if not actions:
        return ""
    statement = {
        "Effect": "Allow",
        "Principal": {"CanonicalUser": grant.id} if grant.id else _PRINCIPALS[grant.uri],
        "Action": actions,
        "Resource": resource,
    }
    if grant.uri == AUTHENTICATED_USERS:
        statement["Condition"] = _SIGNED
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _literal(key: str) -> str:
    """The key as a pattern that matches itself alone.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return "".join(_SPECIAL.get(char, char) for char in key)


_SPECIAL = {"*": "${*}", "?": "${?}", "$": "${$}"}
