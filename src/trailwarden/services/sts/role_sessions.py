"""Sessions of roles, whoever proved to be let in."""

from dataclasses import dataclass

import msgspec

from trailwarden.auth.identities import ROLE, Role
from trailwarden.policy.request import Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.world import World

__all__ = ["RoleOf", "note_use", "role_principal"]

_LAST_USED_STEP = 300.0


@dataclass(frozen=True, slots=True)
class RoleOf:
    """A role and the account it is in."""

    account: str
    role: Role


def role_principal(of: RoleOf, session_name: str) -> Principal:
    """The principal of a session of the role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    role = of.role
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        account=of.account,
        arn=f"arn:aws:sts::{of.account}:assumed-role/{role.name}/{session_name}",
        issuer_arn=role.arn,
        unique_id=f"{role.id}:{session_name}",
        issuer_id=role.id,
        service_linked=bool(role.service),
    )


def note_use(call: Call, world: World, of: RoleOf) -> None:
    """Note the role's use, at most every few minutes, so that calls do not wait on one another for it."""
    role = of.role
    if role.last_used is None or call.now - role.last_used >= _LAST_USED_STEP:
        used = msgspec.structs.replace(role, last_used=call.now, last_used_region=call.region)
        world.put(ROLE, of.account, "", role.name.lower(), used)
