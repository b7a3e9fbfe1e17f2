"""Versions of managed policies: at most five, one of them the default that is in force.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import POLICY, ManagedPolicy, PolicyVersion
from trailwarden.services.call import Call
from trailwarden.services.iam.documents import check_managed_policy
from trailwarden.services.iam.errors import DeleteConflict, LimitExceeded, NoSuchEntity
from trailwarden.services.iam.managed import own_policy, policy_named
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.quotas import VERSIONS
from trailwarden.services.iam.shape import version_shown
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["DefaultVersion", "TooManyVersions", "VersionNotFound", "create_policy_version", "delete_policy_version",
           "get_policy_version", "list_policy_versions", "set_default_policy_version"]  # fmt: skip


_MOST = 10**9 - 1


class VersionNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html."""

    message = "Policy {arn} version {version} does not exist or is not attachable."


class TooManyVersions(LimitExceeded):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html."""

    message = (
        "A managed policy can have up to {limit} versions. "
        "Before you create a new version, you must delete an existing version."
    )


class DefaultVersion(DeleteConflict):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html."""

    message = "Cannot delete the default version of a policy."


@operation("iam:CreatePolicyVersion")
def create_policy_version(call: Call, world: World) -> Mapping[str, Any]:
    """Add a version, and make it the default where asked.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
    """
    policy = own_policy(call, world, call.params["PolicyArn"])
    document = call.params["PolicyDocument"]
    check_managed_policy(document)
    if len(policy.versions) >= VERSIONS:
        raise TooManyVersions(limit=VERSIONS)
    version = PolicyVersion(id=f"v{policy.next_version}", document=document, created=call.now)
    changed = msgspec.structs.replace(
        policy,
        versions=(*policy.versions, version),
        next_version=policy.next_version + 1,
        default=version.id if call.params.get("SetAsDefault") else policy.default,
        updated=call.now,
    )
    world.put(POLICY, call.account, "", policy.arn, changed)
    return {"PolicyVersion": version_shown(changed, version)}


@operation("iam:GetPolicyVersion")
def get_policy_version(call: Call, world: World) -> Mapping[str, Any]:
    """Show a version with its document.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
    """
    policy = policy_named(call, world, call.params["PolicyArn"])
    version = _version(policy, call.params["VersionId"])
    return {"PolicyVersion": version_shown(policy, version, document=True)}


@operation("iam:ListPolicyVersions")
def list_policy_versions(call: Call, world: World) -> Mapping[str, Any]:
    """List the versions, newest first.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html
    """
    policy = policy_named(call, world, call.params["PolicyArn"])
    shown = page(call, policy.versions, lambda version: f"{_MOST - int(version.id[1:]):09}")
    return {"Versions": [version_shown(policy, version) for version in shown.items], **shown.rest}


@operation("iam:SetDefaultPolicyVersion")
def set_default_policy_version(call: Call, world: World) -> None:
    """Put a version in force.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html
    """
    policy = own_policy(call, world, call.params["PolicyArn"])
    version = _version(policy, call.params["VersionId"])
    changed = msgspec.structs.replace(policy, default=version.id, updated=call.now)
    world.put(POLICY, call.account, "", policy.arn, changed)


@operation("iam:DeletePolicyVersion")
def delete_policy_version(call: Call, world: World) -> None:
    """Delete a version that is not the default.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html
    """
    policy = own_policy(call, world, call.params["PolicyArn"])
    version = _version(policy, call.params["VersionId"])
    if version.id == policy.default:
        raise DefaultVersion
    versions = tuple(each for each in policy.versions if each.id != version.id)
    world.put(POLICY, call.account, "", policy.arn, msgspec.structs.replace(policy, versions=versions))


def _version(policy: ManagedPolicy, wanted: str) -> PolicyVersion:
    for version in policy.versions:
        if version.id == wanted:
            return version
    raise VersionNotFound(arn=policy.arn, version=wanted)
