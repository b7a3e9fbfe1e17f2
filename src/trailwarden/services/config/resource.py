"""Recorded resources: which documents they are, and how AWS Config shows one.

https://docs.aws.amazon.com/config/latest/developerguide/resource-config-reference.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from trailwarden.auth.identities import GROUP, POLICY, ROLE, USER, Group, ManagedPolicy, Role, User
from trailwarden.clock import iso
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.services.s3.bucket import BUCKET, Bucket
from trailwarden.storage.ports import Kind

__all__ = ["TYPES", "Seen", "Type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A resource as a configuration item tells of it. `more` is the supplementary configuration."""

    id: str
    name: str
    arn: str
    region: str
    created: float
    configuration: Mapping[str, Any]
    tags: Mapping[str, str]
    more: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A resource type: the kind of its documents, whether they are of all Regions, and whose each is.

    `everywhere` tells that documents of all accounts lie together: `mine` picks those of an account and Region.
    """

    kind: Kind[Any]
    see: Callable[[Any], Seen]
    globally: bool = False
    everywhere: bool = False
    mine: Callable[[Any, str, str], bool] = lambda _body, _account, _region: True

    def place(self, account: str, region: str) -> tuple[str, str]:
        """The account and Region under which the documents lie."""
        if self.everywhere:
            return "", ""
        return account, "" if self.globally else region


def _inline(policies: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [{"policyName": name, "policyDocument": quote(text, safe="")} for name, text in policies.items()]


def _attached(arns: tuple[str, ...]) -> list[Mapping[str, str]]:
    return [{"policyName": arn.rpartition("/")[2], "policyArn": arn} for arn in arns]


def _tags(tags: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _boundary(arn: str) -> Mapping[str, str] | None:
    return {"permissionsBoundaryType": "PermissionsBoundaryPolicy", "permissionsBoundaryArn": arn} if arn else None


def _user(user: User) -> Seen:
    configuration = {
        "path": user.path,
        "userName": user.name,
        "userId": user.id,
        "arn": user.arn,
        "createDate": iso(user.created),
        "userPolicyList": _inline(user.inline),
        "groupList": list(user.groups),
        "attachedManagedPolicies": _attached(user.attached),
        "permissionsBoundary": _boundary(user.boundary),
        "tags": _tags(user.tags),
    }
    return _of_iam(user, configuration, user.tags)


def _role(role: Role) -> Seen:
    configuration = {
        "path": role.path,
        "roleName": role.name,
        "roleId": role.id,
        "arn": role.arn,
        "createDate": iso(role.created),
        "assumeRolePolicyDocument": quote(role.trust, safe=""),
        "instanceProfileList": [],
        "rolePolicyList": _inline(role.inline),
        "attachedManagedPolicies": _attached(role.attached),
        "permissionsBoundary": _boundary(role.boundary),
        "tags": _tags(role.tags),
    }
    return _of_iam(role, configuration, role.tags)


def _group(group: Group) -> Seen:
    configuration = {
        "path": group.path,
        "groupName": group.name,
        "groupId": group.id,
        "arn": group.arn,
        "createDate": iso(group.created),
        "groupPolicyList": _inline(group.inline),
        "attachedManagedPolicies": _attached(group.attached),
    }
    return _of_iam(group, configuration, {})


def _policy(policy: ManagedPolicy) -> Seen:
    configuration = {
        "policyName": policy.name,
        "policyId": policy.id,
        "arn": policy.arn,
        "path": policy.path,
        "defaultVersionId": policy.default,
        "attachmentCount": policy.attachments,
        "permissionsBoundaryUsageCount": policy.boundary_usage,
        "isAttachable": True,
        "description": policy.description or None,
        "createDate": iso(policy.created),
        "updateDate": iso(policy.updated),
        "policyVersionList": [
            {
                "document": quote(version.document, safe=""),
                "versionId": version.id,
                "isDefaultVersion": version.id == policy.default,
                "createDate": iso(version.created),
            }
            for version in policy.versions
        ],
    }
    return _of_iam(policy, configuration, policy.tags)


def _of_iam(
    entity: User | Role | Group | ManagedPolicy, configuration: Mapping[str, Any], tags: Mapping[str, str]
) -> Seen:
    return Seen(
        id=entity.id,
        name=entity.name,
        arn=entity.arn,
        region="global",
        created=entity.created,
        configuration=configuration,
        tags=tags,
        more={},
    )


def _bucket(bucket: Bucket) -> Seen:
    blocks = bucket.public_access_block
    more = {
        "BucketPolicy": _json({"policyText": bucket.policy or None}),
        "BucketVersioningConfiguration": _json({"status": bucket.versioning or "Off", "isMfaDeleteEnabled": None}),
        "BucketTaggingConfiguration": _json({"tagSets": [{"tags": bucket.tags}]}) if bucket.tags else "",
        "PublicAccessBlockConfiguration": ""
        if blocks is None
        else _json({f"{switch[0].lower()}{switch[1:]}": switch in blocks for switch in _SWITCHES}),
    }
    return Seen(
        id=bucket.name,
        name=bucket.name,
        arn=bucket.arn,
        region=bucket.region,
        created=bucket.created,
        configuration={"name": bucket.name, "owner": {"id": None}, "creationDate": iso(bucket.created)},
        tags=bucket.tags,
        more={name: text for name, text in more.items() if text},
    )


_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _trail(trail: Trail) -> Seen:
    configuration = {
        "name": trail.name,
        "s3BucketName": trail.bucket,
        "s3KeyPrefix": trail.prefix or None,
        "snsTopicArn": trail.topic_arn or None,
        "includeGlobalServiceEvents": trail.include_global_service_events,
        "isMultiRegionTrail": trail.multi_region,
        "homeRegion": trail.home_region,
        "trailARN": trail.arn,
        "logFileValidationEnabled": trail.log_file_validation,
        "cloudWatchLogsLogGroupArn": trail.log_group_arn or None,
        "cloudWatchLogsRoleArn": trail.log_role_arn or None,
        "kmsKeyId": trail.kms_key_id or None,
        "hasCustomEventSelectors": trail.has_custom_event_selectors,
        "isOrganizationTrail": bool(trail.organization),
    }
    return Seen(
        id=trail.name,
        name=trail.name,
        arn=trail.arn,
        region=trail.home_region,
        created=trail.created,
        configuration=configuration,
        tags=trail.tags,
        more={},
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


TYPES: Mapping[str, Type] = {
    "AWS::CloudTrail::Trail": Type(kind=TRAIL, see=_trail),
    "AWS::IAM::Group": Type(kind=GROUP, see=_group, globally=True),
    "AWS::IAM::Policy": Type(kind=POLICY, see=_policy, globally=True),
    "AWS::IAM::Role": Type(kind=ROLE, see=_role, globally=True),
    "AWS::IAM::User": Type(kind=USER, see=_user, globally=True),
    "AWS::S3::Bucket": Type(
        kind=BUCKET,
        see=_bucket,
        everywhere=True,
        mine=lambda body, account, region: (body.account, body.region) == (account, region),
    ),
}
"""The types that are recorded here.

https://docs.aws.amazon.com/config/latest/developerguide/resource-config-reference.html
"""
