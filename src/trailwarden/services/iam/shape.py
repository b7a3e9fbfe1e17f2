"""How entities look in answers. Lists show less than Get and Create do.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Types.html
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from trailwarden.auth.identities import Group, ManagedPolicy, PolicyVersion, Role, User

__all__ = ["boundary_shown", "encoded", "group_shown", "policy_shown", "role_shown", "tags_shown", "user_shown",
           "version_shown"]  # fmt: skip


def encoded(document: str) -> str:
    """A policy document as answers carry it: percent-encoded by RFC 3986.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html (PolicyDocument)
    """
    return quote(document, safe="")


def tags_shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def boundary_shown(arn: str) -> dict[str, Any]:
    """The PermissionsBoundary member, none where there is no boundary."""
    if not arn:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


def user_shown(user: User, *, whole: bool = True) -> dict[str, Any]:
    """A user; `whole` adds the boundary and tags, which lists leave out."""
    shown: dict[str, Any] = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.created,
    }
    if user.password_last_used is not None:
        shown["PasswordLastUsed"] = user.password_last_used
    if whole:
        shown |= boundary_shown(user.boundary)
        if user.tags:
            shown["Tags"] = tags_shown(user.tags)
    return shown


def group_shown(group: Group) -> dict[str, Any]:
    """A group."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.created,
    }


def role_shown(role: Role, trust: str, *, whole: bool = True) -> dict[str, Any]:
    """A role; `trust` is its trust policy with principals by ARN. `whole` adds last use, boundary and tags."""
    shown: dict[str, Any] = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": encoded(trust),
        "MaxSessionDuration": role.max_session_duration,
    }
    if role.description:
        shown["Description"] = role.description
    if whole:
        shown |= boundary_shown(role.boundary)
        shown["RoleLastUsed"] = last_use_shown(role)
        if role.tags:
            shown["Tags"] = tags_shown(role.tags)
        if role.template:
            shown["SourceRoleTemplate"] = {
                "TemplateArn": role.template,
                "TemplateMinorVersion": role.template_minor,
            }
    return shown


def last_use_shown(role: Role) -> dict[str, Any]:
    """When and where the role was last used, empty where it never was."""
    if role.last_used is None:
        return {}
    return {"LastUsedDate": role.last_used, "Region": role.last_used_region}


def policy_shown(policy: ManagedPolicy) -> dict[str, Any]:
    """A managed policy as lists show it: without description and tags."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default,
        "AttachmentCount": policy.attachments,
        "PermissionsBoundaryUsageCount": policy.boundary_usage,
        "IsAttachable": True,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def version_shown(policy: ManagedPolicy, version: PolicyVersion, *, document: bool = False) -> dict[str, Any]:
    """A version of a managed policy, with its document only where asked."""
    shown: dict[str, Any] = {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default,
        "CreateDate": version.created,
    }
    if document:
        shown["Document"] = encoded(version.document)
    return shown
