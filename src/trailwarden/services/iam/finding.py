"""The entities of the caller's account, by name. IAM compares names without case."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import GROUP, ROLE, USER, Group, Role, User
from trailwarden.errors import ValidationException
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import GroupNotFound, RoleNotFound, UnmodifiableEntity, UserNotFound
from trailwarden.services.new_roles import UNIQUE_ID, UniqueId
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "HOLDERS",
    "UNIQUE_ID",
    "Holder",
    "UniqueId",
    "entity_arn",
    "group_named",
    "keep_group",
    "keep_role",
    "keep_user",
    "modifiable_role",
    "role_named",
    "user_asked",
    "user_named",
]  # fmt: skip


def entity_arn(account: str, kind: str, path: str, name: str) -> str:
    """`arn:aws:iam::123456789012:user/division_abc/mateojackson`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    return f"arn:aws:iam::{account}:{kind}{path}{name}"


def user_named(call: Call, world: World, name: str) -> User:
    """The user, or UserNotFound."""
    user = world.find(USER, call.account, "", name.lower())
    if user is None:
        raise UserNotFound(name=name)
    return user


def user_asked(call: Call, world: World) -> User:
    """The user that UserName names; without it the user who signed the call.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html (UserName)
    """
    name = call.params.get("UserName") or call.caller.user_name
    if not name or (call.caller.principal.kind is not PrincipalKind.USER and "UserName" not in call.params):
        raise ValidationException(reason="Must specify userName when calling with non-User credentials")
    return user_named(call, world, name)


def group_named(call: Call, world: World, name: str) -> Group:
    """The group, or GroupNotFound."""
    group = world.find(GROUP, call.account, "", name.lower())
    if group is None:
        raise GroupNotFound(name=name)
    return group


def role_named(call: Call, world: World, name: str) -> Role:
    """The role, or RoleNotFound."""
    role = world.find(ROLE, call.account, "", name.lower())
    if role is None:
        raise RoleNotFound(name=name)
    return role


def modifiable_role(call: Call, world: World, name: str) -> Role:
    """The role, or UnmodifiableEntity where it is linked to a service."""
    role = role_named(call, world, name)
    if role.service:
        raise UnmodifiableEntity(name=role.name)
    return role


def keep_user(call: Call, world: World, user: User) -> None:
    """Write the user."""
    world.put(USER, call.account, "", user.name.lower(), user)


def keep_group(call: Call, world: World, group: Group) -> None:
    """Write the group."""
    world.put(GROUP, call.account, "", group.name.lower(), group)


def keep_role(call: Call, world: World, role: Role) -> None:
    """Write the role."""
    world.put(ROLE, call.account, "", role.name.lower(), role)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of entity that policies hang on, so that one function serves the three."""

    noun: str
    kind: Kind[Any]

    @property
    def member(self) -> str:
        """The input member that names the entity: `UserName`."""
        return f"{self.noun}Name"

    def named(self, call: Call, world: World) -> Any:
        """The entity that the call names, or its NoSuchEntity."""
        return _NAMED[self.noun](call, world, call.params[self.member])

    def changeable(self, call: Call, world: World) -> Any:
        """The entity that the call names, to be changed."""
        return _CHANGEABLE[self.noun](call, world, call.params[self.member])

    def keep(self, call: Call, world: World, entity: Any, /, **changes: Any) -> None:
        """Write the entity with changes."""
        changed = msgspec.structs.replace(entity, **changes)
        world.put(self.kind, call.account, "", changed.name.lower(), changed)


_NAMED: Mapping[str, Any] = {"User": user_named, "Group": group_named, "Role": role_named}
_CHANGEABLE: Mapping[str, Any] = {**_NAMED, "Role": modifiable_role}
HOLDERS = {
    "User": Holder(noun="User", kind=USER),
    "Group": Holder(noun="Group", kind=GROUP),
    "Role": Holder(noun="Role", kind=ROLE),
}
