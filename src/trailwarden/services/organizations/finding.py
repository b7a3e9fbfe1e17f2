"""Parts of an organization by their ids."""

from collections.abc import Iterator

from trailwarden.auth.organization import (
    DELEGATED_ADMINISTRATOR,
    FULL_ACCESS,
    MEMBER_ACCOUNT,
    ORGANIZATION_POLICY,
    ROOT,
    UNIT,
    MemberAccount,
    Organization,
    OrganizationPolicy,
    Root,
    Unit,
)
from trailwarden.services.organizations.errors import (
    AccountNotFoundException,
    OrganizationalUnitNotFoundException,
    ParentNotFoundException,
    PolicyNotFoundException,
    TargetNotFoundException,
)
from trailwarden.services.world import World

__all__ = [
    "Target",
    "account_of",
    "every_target",
    "keep",
    "line_of",
    "members_of",
    "parent_of",
    "policy_of",
    "root_of",
    "services_delegated_to",
    "target_of",
    "unit_of",
    "units_of",
]

Target = Root | Unit | MemberAccount
"""What a policy can be attached to."""


def root_of(world: World, organization: Organization) -> Root:
    """The root; each organization has one."""
    root = world.find(ROOT, organization.id, "", organization.root)
    if root is None:
        raise TargetNotFoundException
    return root


def unit_of(world: World, organization: Organization, name: str) -> Unit:
    """The unit, or OrganizationalUnitNotFoundException."""
    unit = world.find(UNIT, organization.id, "", name)
    if unit is None:
        raise OrganizationalUnitNotFoundException
    return unit


def account_of(world: World, organization: Organization, name: str) -> MemberAccount:
    """The account of the organization, or AccountNotFoundException."""
    account = world.find(MEMBER_ACCOUNT, organization.id, "", name)
    if account is None:
        raise AccountNotFoundException
    return account


def parent_of(
    world: World, organization: Organization, name: str, error: type[Exception] = ParentNotFoundException
) -> Root | Unit:
    """The root or unit, or `error`."""
    parent: Root | Unit | None = world.find(ROOT, organization.id, "", name) or world.find(
        UNIT, organization.id, "", name
    )
    if parent is None:
        raise error
    return parent


def target_of(world: World, organization: Organization, name: str) -> Target:
    """The root, unit or account, or TargetNotFoundException."""
    target: Target | None = (
        world.find(ROOT, organization.id, "", name)
        or world.find(UNIT, organization.id, "", name)
        or world.find(MEMBER_ACCOUNT, organization.id, "", name)
    )
    if target is None:
        raise TargetNotFoundException
    return target


def policy_of(world: World, organization: Organization, name: str) -> OrganizationPolicy:
    """The policy, AWS's own among them, or PolicyNotFoundException."""
    policy = FULL_ACCESS.get(name) or world.find(ORGANIZATION_POLICY, organization.id, "", name)
    if policy is None:
        raise PolicyNotFoundException
    return policy


def units_of(world: World, organization: Organization) -> list[Unit]:
    """Every unit."""
    return [document.body for document in world.list(UNIT, organization.id, "")]


def members_of(world: World, organization: Organization) -> list[MemberAccount]:
    """Every account, the management account too."""
    return [document.body for document in world.list(MEMBER_ACCOUNT, organization.id, "")]


def every_target(world: World, organization: Organization) -> Iterator[Target]:
    """The root, then every unit, then every account."""
    yield root_of(world, organization)
    yield from units_of(world, organization)
    yield from members_of(world, organization)


def line_of(world: World, organization: Organization, parent: str) -> tuple[str, ...]:
    """Ids from the root down to `parent`, which may be the root."""
    line = [parent]
    while (unit := world.find(UNIT, organization.id, "", line[0])) is not None and unit.parent not in line:
        line.insert(0, unit.parent)
    return tuple(line)


def keep(world: World, organization: Organization, target: Target) -> None:
    """Write a root, unit or account back."""
    if isinstance(target, Root):
        world.put(ROOT, organization.id, "", target.id, target)
    elif isinstance(target, Unit):
        world.put(UNIT, organization.id, "", target.id, target)
    else:
        world.put(MEMBER_ACCOUNT, organization.id, "", target.id, target)


def services_delegated_to(world: World, organization: Organization, account: str) -> dict[str, float]:
    """Services that an account administers, each since when."""
    standing = world.find(DELEGATED_ADMINISTRATOR, organization.id, "", account)
    return dict(standing.services) if standing else {}
