"""Everything about the account's identities at once: what auditors and the diagnoser read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from trailwarden.auth.identities import GROUP, POLICY, ROLE, USER, Group, ManagedPolicy, Role, User
from trailwarden.services.call import Call
from trailwarden.services.iam.instance_profiles import profile_shown, profiles_of
from trailwarden.services.iam.managed import policy_named, usage_of_aws_policies
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.principals import with_arns
from trailwarden.services.iam.shape import (
    boundary_shown,
    encoded,
    group_shown,
    last_use_shown,
    policy_shown,
    tags_shown,
    user_shown,
    version_shown,
)
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_account_authorization_details"]

_FILTERS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry: the list it goes into, its place in the order of all, and how it is made."""

    into: str
    place: str
    detail: Callable[[], dict[str, Any]]


@operation("iam:GetAccountAuthorizationDetails")
def get_account_authorization_details(call: Call, world: World) -> Mapping[str, Any]:
    """Show users, groups, roles and managed policies with all their policies and relations, in pages.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
    """
    wanted = tuple(call.params.get("Filter") or _FILTERS)
    entries = [entry for kind in wanted for entry in _ENTRIES[kind](call, world)]
    shown = page(call, entries, lambda entry: entry.place)
    answer: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for entry in shown.items:
        answer[entry.into].append(entry.detail())
    return {**answer, **shown.rest}


def _users(call: Call, world: World) -> Iterable[Listed]:
    for document in world.list(USER, call.account, ""):
        user = document.body
        yield Listed("UserDetailList", f"1 {document.name}", lambda user=user: _user(user))  # type: ignore[misc]


def _groups(call: Call, world: World) -> Iterable[Listed]:
    for document in world.list(GROUP, call.account, ""):
        group = document.body
        yield Listed("GroupDetailList", f"2 {document.name}", lambda group=group: _group(group))  # type: ignore[misc]


def _roles(call: Call, world: World) -> Iterable[Listed]:
    for document in world.list(ROLE, call.account, ""):
        role = document.body
        yield Listed("RoleDetailList", f"3 {document.name}", lambda role=role: _role(call, world, role))  # type: ignore[misc]


def _own_policies(call: Call, world: World) -> Iterable[Listed]:
    for document in world.list(POLICY, call.account, ""):
        policy = document.body
        yield Listed("Policies", f"4 {document.name}", lambda policy=policy: _policy(policy))  # type: ignore[misc]


def _aws_policies(call: Call, world: World) -> Iterable[Listed]:
    """AWS's policies that the account uses; the others are left out.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html (Filter)
    """
    attached, bounding = usage_of_aws_policies(call, world)
    for arn in sorted({*attached, *bounding}):
        counted = msgspec.structs.replace(
            policy_named(call, world, arn), attachments=attached[arn], boundary_usage=bounding[arn]
        )
        yield Listed("Policies", f"5 {arn}", lambda counted=counted: _policy(counted))  # type: ignore[misc]


_ENTRIES: Mapping[str, Callable[[Call, World], Iterable[Listed]]] = {
    "User": _users,
    "Group": _groups,
    "Role": _roles,
    "LocalManagedPolicy": _own_policies,
    "AWSManagedPolicy": _aws_policies,
}


def _user(user: User) -> dict[str, Any]:
    shown = user_shown(user, whole=False)
    shown.pop("PasswordLastUsed", None)
    if user.inline:
        shown["UserPolicyList"] = _inline(user.inline)
    return {
        **shown,
        "GroupList": list(user.groups),
        "AttachedManagedPolicies": _attached(user.attached),
        "Tags": tags_shown(user.tags),
        **boundary_shown(user.boundary),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        **group_shown(group),
        "GroupPolicyList": _inline(group.inline),
        "AttachedManagedPolicies": _attached(group.attached),
    }


def _role(call: Call, world: World, role: Role) -> dict[str, Any]:
    profiles = profiles_of(call, world, role)
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": encoded(with_arns(world, role.trust)),
        "InstanceProfileList": [profile_shown(call, world, profile, whole=False) for profile in profiles],
        "RolePolicyList": _inline(role.inline),
        "AttachedManagedPolicies": _attached(role.attached),
        "Tags": tags_shown(role.tags),
        "RoleLastUsed": last_use_shown(role),
        **boundary_shown(role.boundary),
    }


def _policy(policy: ManagedPolicy) -> dict[str, Any]:
    shown = policy_shown(policy)
    if policy.description:
        shown["Description"] = policy.description
    versions = [version_shown(policy, version, document=True) for version in reversed(policy.versions)]
    return {**shown, "PolicyVersionList": versions}


def _inline(policies: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"PolicyName": name, "PolicyDocument": encoded(text)} for name, text in policies.items()]


def _attached(arns: Iterable[str]) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
