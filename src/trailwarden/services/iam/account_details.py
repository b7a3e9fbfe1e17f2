"""Everything about the account's identities at once: what auditors and the diagnoser read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from trailwarden.auth.identities import GROUP, POLICY, ROLE, USER, Group, ManagedPolicy, Role, User
from trailwarden.services.call import Call
from trailwarden.services.iam.instance_profiles import InstanceProfile, profile_shown, profiles_by_role
from trailwarden.services.iam.managed import policy_named, usage_of_aws_policies
from trailwarden.services.iam.paging import page_read
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


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry: the list it goes into, its place in the order of all, and how it is made."""

    into: str
    place: str
    detail: Callable[[], dict[str, Any]]


_Section = Callable[[Call, World, str, int], Iterable[Listed]]
"""Entries of one kind behind a name, in order, at least as many as asked for where there are so many."""


@operation("iam:GetAccountAuthorizationDetails")
def get_account_authorization_details(call: Call, world: World) -> Mapping[str, Any]:
    """Show users, groups, roles and managed policies with all their policies and relations, in pages.

    A page reads what it shows and no more, so that the whole of a large account costs no more than its size.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
    """
    wanted = frozenset(call.params.get("Filter") or _SECTIONS)

    def behind(place: str, count: int) -> Iterator[Listed]:
        for kind, (digit, section) in _SECTIONS.items():
            if kind in wanted and digit >= place[:1]:
                yield from section(call, world, place[2:] if digit == place[:1] else "", count)

    shown = page_read(call, behind, lambda entry: entry.place)
    answer: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for entry in shown.items:
        answer[entry.into].append(entry.detail())
    return {**answer, **shown.rest}


def _users(call: Call, world: World, after: str, count: int) -> Iterable[Listed]:
    for document in world.list(USER, call.account, "", after=after, limit=count):
        yield Listed("UserDetailList", f"1 {document.name}", partial(_user, document.body))


def _groups(call: Call, world: World, after: str, count: int) -> Iterable[Listed]:
    for document in world.list(GROUP, call.account, "", after=after, limit=count):
        yield Listed("GroupDetailList", f"2 {document.name}", partial(_group, document.body))


def _roles(call: Call, world: World, after: str, count: int) -> Iterable[Listed]:
    held = profiles_by_role(call, world)
    for document in world.list(ROLE, call.account, "", after=after, limit=count):
        profiles = held.get(document.body.name, ())
        yield Listed("RoleDetailList", f"3 {document.name}", partial(_role, call, world, document.body, profiles))


def _own_policies(call: Call, world: World, after: str, count: int) -> Iterable[Listed]:
    for document in world.list(POLICY, call.account, "", after=after, limit=count):
        yield Listed("Policies", f"4 {document.name}", partial(_policy, document.body))


def _aws_policies(call: Call, world: World, after: str, _count: int) -> Iterable[Listed]:
    """AWS's policies that the account uses; the others are left out.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html (Filter)
    """
    attached, bounding = usage_of_aws_policies(call, world)
    for arn in sorted(arn for arn in {*attached, *bounding} if arn > after):
        counted = msgspec.structs.replace(
            policy_named(call, world, arn), attachments=attached[arn], boundary_usage=bounding[arn]
        )
        yield Listed("Policies", f"5 {arn}", partial(_policy, counted))


_SECTIONS: Mapping[str, tuple[str, _Section]] = {
    "User": ("1", _users),
    "Group": ("2", _groups),
    "Role": ("3", _roles),
    "LocalManagedPolicy": ("4", _own_policies),
    "AWSManagedPolicy": ("5", _aws_policies),
}
"""In the order of the answer: the digit that places begin with, and the entries."""


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


def _role(call: Call, world: World, role: Role, profiles: Iterable[InstanceProfile]) -> dict[str, Any]:
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
