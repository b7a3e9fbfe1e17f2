"""Access control lists: from a request to grants, back to an answer, and to the statements they amount to.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trailwarden.auth.callers import canonical_id
from trailwarden.errors import AwsError
from trailwarden.services.s3.bucket import Bucket, Grant
from trailwarden.services.s3.errors import (
    AccessControlListNotSupported,
    AccessDenied,
    InvalidRequest,
    argument,
)

__all__ = ["ALL_USERS", "AUTHENTICATED_USERS", "LOG_DELIVERY", "asked_grants", "described", "is_public", "permitted"]

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY})
_PUBLIC = frozenset({ALL_USERS, AUTHENTICATED_USERS})
_PERMISSIONS = frozenset({"FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"})
_GRANTEE = re.compile(r'\s*(?P<kind>\w+)\s*=\s*"?(?P<value>[^",]+)"?\s*\Z')
_CANONICAL = re.compile(r"[0-9a-f]{64}\Z")
_GRANTS_MAX = 100

_HEADERS = {
    "GrantFullControl": ("x-amz-grant-full-control", "FULL_CONTROL"),
    "GrantRead": ("x-amz-grant-read", "READ"),
    "GrantReadACP": ("x-amz-grant-read-acp", "READ_ACP"),
    "GrantWrite": ("x-amz-grant-write", "WRITE"),
    "GrantWriteACP": ("x-amz-grant-write-acp", "WRITE_ACP"),
}

_CANNED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}
_OWNER_PERMISSION = {"bucket-owner-read": "READ", "bucket-owner-full-control": "FULL_CONTROL"}


class MalformedACLError(AwsError):
    """The access control policy does not validate against S3's schema."""

    message = "The XML you provided was not well-formed or did not validate against our published schema"


class MissingSecurityHeader(AwsError):
    """A request to set an ACL says nothing about grants."""

    message = "Your request was missing a required header"


class UnexpectedContent(AwsError):
    """Headers and a body both say what the ACL is to be."""

    message = "This request does not support content"


def asked_grants(params: Mapping[str, Any], *, owner: str, bucket_owner: str) -> tuple[Grant, ...] | None:
    """The grants that a canned ACL or the grant headers ask for; None where neither is there. Arguments are accounts.

    InvalidArgument, InvalidRequest where both are there.
    """
    canned = params.get("ACL")
    headers = [member for member in _HEADERS if params.get(member) is not None]
    if canned is not None and headers:
        raise InvalidRequest(reason="Specifying both Canned ACLs and Header Grants is not allowed")
    if canned is not None:
        return _canned_grants(canned, owner, bucket_owner)
    if not headers:
        return None
    return tuple(grant for member in headers for grant in _header_grants(*_HEADERS[member], params[member]))


def _canned_grants(canned: str, owner: str, bucket_owner: str) -> tuple[Grant, ...]:
    if canned not in _CANNED:
        raise argument("x-amz-acl", canned, "")
    grants = [Grant(id=canonical_id(owner), permission="FULL_CONTROL")]
    grants += [Grant(uri=uri, permission=permission) for uri, permission in _CANNED[canned]]
    if canned in _OWNER_PERMISSION and owner != bucket_owner:
        grants.append(Grant(id=canonical_id(bucket_owner), permission=_OWNER_PERMISSION[canned]))
    return tuple(grants)


def _header_grants(header: str, permission: str, value: str) -> list[Grant]:
    grants = []
    for piece in value.split(","):
        match = _GRANTEE.match(piece)
        if match is None or match["kind"] not in {"id", "uri", "emailAddress"}:
            raise argument(header, value, "Argument format not recognized")
        grants.append(_grant(match["kind"], match["value"], permission, id_name="id", uri_name="uri"))
    return grants


def _grant(kind: str, value: str, permission: str, *, id_name: str, uri_name: str) -> Grant:
    if kind == "id":
        if not _CANONICAL.match(value):
            raise argument(id_name, value, "Invalid id")
        return Grant(id=value, permission=permission)
    if kind == "uri":
        if value not in _GROUPS:
            raise argument(uri_name, value, "Invalid group uri")
        return Grant(uri=value, permission=permission)
    raise argument("x-amz-grant", value, "Argument format not recognized")


def policy_grants(policy: Mapping[str, Any], owner: str) -> tuple[Grant, ...]:
    """The grants of an AccessControlPolicy. MalformedACLError, InvalidArgument."""
    given_owner = policy.get("Owner") or {}
    grants = policy.get("Grants")
    if not given_owner.get("ID") or grants is None or len(grants) > _GRANTS_MAX:
        raise MalformedACLError
    if given_owner["ID"] != canonical_id(owner):
        raise argument("CanonicalUser/ID", given_owner["ID"], "Invalid id")
    return tuple(_policy_grant(grant) for grant in grants)


def _policy_grant(grant: Mapping[str, Any]) -> Grant:
    grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
    kinds = {"CanonicalUser": ("id", grantee.get("ID")), "Group": ("uri", grantee.get("URI"))}
    kind, value = kinds.get(grantee.get("Type", ""), ("", None))
    if permission not in _PERMISSIONS or not value:
        raise MalformedACLError
    return _grant(kind, value, permission, id_name="CanonicalUser/ID", uri_name="Group/URI")


def given_acl(params: Mapping[str, Any], *, owner: str, bucket_owner: str) -> tuple[Grant, ...]:
    """What PutBucketAcl or PutObjectAcl sets, by headers or by body.

    MissingSecurityHeader where by neither, UnexpectedContent where by both.
    """
    policy = params.get("AccessControlPolicy")
    grants = asked_grants(params, owner=owner, bucket_owner=bucket_owner)
    if policy is None:
        if grants is None:
            raise MissingSecurityHeader(members={"MissingHeaderName": "x-amz-acl"})
        return grants
    if grants is not None:
        raise UnexpectedContent
    return policy_grants(policy, owner)


def is_public(grants: Sequence[Grant]) -> bool:
    """Whether everybody, or everybody with an AWS account, is granted anything.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
    """
    return any(grant.uri in _PUBLIC for grant in grants)


def permitted(
    bucket: Bucket, grants: tuple[Grant, ...] | None, *, caller: str, action: str, resource: str
) -> tuple[Grant, ...] | None:
    """The grants, if the bucket takes such a list. AccessControlListNotSupported, AccessDenied by BlockPublicAcls.

    A list that only restates full control of the bucket's owner is taken with ACLs off, and keeps nothing.
    """
    if grants is None:
        return None
    if not bucket.acls_on:
        own = canonical_id(bucket.account)
        if any(grant.id != own or grant.permission != "FULL_CONTROL" for grant in grants):
            raise AccessControlListNotSupported
        return None
    if bucket.blocks("BlockPublicAcls") and is_public(grants):
        raise AccessDenied(reason=blocked(caller, action, resource, "public ACLs", "BlockPublicAcls"))
    return grants


def blocked(caller: str, action: str, resource: str, what: str, switch: str) -> str:
    """AWS's message for what Block Public Access refuses.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    return (
        f'User: {caller} is not authorized to perform: {action} on resource: "{resource}" '
        f"because {what} are prevented by the {switch} setting in S3 Block Public Access."
    )


def described(grants: tuple[Grant, ...] | None, owner: str) -> dict[str, Any]:
    """Owner and Grants as GetBucketAcl and GetObjectAcl tell them."""
    own = canonical_id(owner)
    listed = grants if grants is not None else (Grant(id=own, permission="FULL_CONTROL"),)
    return {
        "Owner": {"ID": own},
        "Grants": [{"Grantee": _grantee(grant), "Permission": grant.permission} for grant in listed],
    }


def _grantee(grant: Grant) -> dict[str, str]:
    if grant.id:
        return {"ID": grant.id, "Type": "CanonicalUser"}
    return {"URI": grant.uri, "Type": "Group"}
