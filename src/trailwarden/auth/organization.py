"""An organization as stored documents, and the levels of policies above an account.

Every document of an organization but the first is kept under the organization's id in place of an account. Attachments
stand on the targets alone (`attached`), so that an account's levels are read from its own line of parents.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_getting-started_concepts.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from trailwarden.auth.compiled import compiled
from trailwarden.auth.identities import ACCOUNT
from trailwarden.policy import Layer, Policy, Source
from trailwarden.storage.ports import Kind, Reader

__all__ = [
    "DELEGATED_ADMINISTRATOR",
    "FULL_ACCESS",
    "MEMBER_ACCOUNT",
    "ORGANIZATION",
    "ORGANIZATION_POLICY",
    "RCP",
    "RESOURCE_POLICY",
    "ROOT",
    "SCP",
    "UNIT",
    "DelegatedAdministrator",
    "MemberAccount",
    "Membership",
    "Organization",
    "OrganizationPolicy",
    "OrganizationResourcePolicy",
    "Root",
    "Unit",
    "levels",
    "levels_of",
    "membership",
    "part_of",
    "targets_of",
]

SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"

_FULL_SCP = "p-FullAWSAccess"
_FULL_RCP = "p-RCPFullAWSAccess"
_DEEPEST = 10
"""Units nest five deep; a longer line would be a circle."""


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization. Key: ("", "", its id).

    `enabled_services` maps service principals with trusted access to the time it was enabled.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
    """

    id: str
    arn: str
    management_account: str
    management_email: str = ""
    feature_set: str = "ALL"
    created: float
    root: str
    enabled_services: dict[str, float] = {}


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """The root of the tree. Key: (organization id, "", its id). `policy_types` are the enabled ones, `attached` policy ids.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Root.html
    """

    id: str
    arn: str
    name: str = "Root"
    policy_types: tuple[str, ...] = ()
    attached: tuple[str, ...] = (_FULL_SCP, _FULL_RCP)
    tags: dict[str, str] = {}


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """An organizational unit. Key: (organization id, "", its id). `parent` is the id of a unit or of the root.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
    """

    id: str
    arn: str
    name: str
    parent: str
    attached: tuple[str, ...] = (_FULL_SCP, _FULL_RCP)
    tags: dict[str, str] = {}


class MemberAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the organization, the management account too. Key: (organization id, "", account id).

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """

    id: str
    arn: str
    name: str = ""
    email: str = ""
    parent: str
    status: str = "ACTIVE"
    joined_method: str = "CREATED"
    joined: float
    attached: tuple[str, ...] = (_FULL_SCP, _FULL_RCP)
    tags: dict[str, str] = {}


class OrganizationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy of the organization, of any type. Key: (organization id, "", its id). AWS's own two are never stored.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicySummary.html
    """

    id: str
    arn: str
    name: str
    type: str
    content: str
    description: str = ""
    tags: dict[str, str] = {}


class DelegatedAdministrator(msgspec.Struct, frozen=True, kw_only=True):
    """A member account that administers services for the organization. Key: (organization id, "", account id).

    `services` maps service principals to the time of delegation.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DelegatedAdministrator.html
    """

    account: str
    services: dict[str, float] = {}


class OrganizationResourcePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The organization's own resource-based policy, of which there is one. Key: (organization id, "", organization id).

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ResourcePolicy.html
    """

    id: str
    arn: str
    content: str
    tags: dict[str, str] = {}


ORGANIZATION = Kind("organizations.organization", Organization)
ROOT = Kind("organizations.root", Root)
UNIT = Kind("organizations.unit", Unit)
MEMBER_ACCOUNT = Kind("organizations.account", MemberAccount)
ORGANIZATION_POLICY = Kind("organizations.policy", OrganizationPolicy)
DELEGATED_ADMINISTRATOR = Kind("organizations.delegated-administrator", DelegatedAdministrator)
RESOURCE_POLICY = Kind("organizations.resource-policy", OrganizationResourcePolicy)

_FULL_DOCUMENTS = {
    SCP: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    RCP: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
}

FULL_ACCESS: dict[str, OrganizationPolicy] = {
    policy_id: OrganizationPolicy(
        id=policy_id,
        arn=f"arn:aws:organizations::aws:policy/{kind.lower()}/{policy_id}",
        name=policy_id.removeprefix("p-"),
        type=kind,
        content=_FULL_DOCUMENTS[kind],
        description="Allows access to every operation" if kind == SCP else "Allows access to every resource",
    )
    for kind, policy_id in ((SCP, _FULL_SCP), (RCP, _FULL_RCP))
}
"""AWS's own policies, attached to each new root, unit and account. The second cannot be detached.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

_LAYERS = {SCP: Layer.SCP, RCP: Layer.RCP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An account in its organization. `line` runs from the root down to the account."""

    organization: Organization
    line: tuple[Root | Unit | MemberAccount, ...]

    @property
    def account(self) -> MemberAccount:
        """The account itself."""
        last = self.line[-1]
        if not isinstance(last, MemberAccount):
            raise TypeError("a line ends in an account")
        return last

    @property
    def path(self) -> str:
        """As in aws:PrincipalOrgPaths: `o-…/r-…/ou-…/`.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        return "/".join((self.organization.id, *(each.id for each in self.line[:-1]), ""))


T = TypeVar("T", bound=msgspec.Struct)


def membership(account: str, reader: Reader) -> Membership | None:
    """The account's place in its organization, or None where it is in none."""
    document = reader.get(ACCOUNT, account, "", account) if account else None
    organization_id = document.body.organization if document else ""
    organization = _body(reader, ORGANIZATION, "", organization_id) if organization_id else None
    member = _body(reader, MEMBER_ACCOUNT, organization_id, account) if organization else None
    if organization is None or member is None:
        return None
    return Membership(organization=organization, line=(*_parents(member, organization, reader), member))


def _parents(member: MemberAccount, organization: Organization, reader: Reader) -> tuple[Root | Unit, ...]:
    """The line above an account, root first."""
    line: list[Root | Unit] = []
    parent = member.parent
    for _ in range(_DEEPEST):
        unit = _body(reader, UNIT, organization.id, parent) if parent != organization.root else None
        if unit is None:
            break
        line.append(unit)
        parent = unit.parent
    root = _body(reader, ROOT, organization.id, organization.root)
    if root is not None:
        line.append(root)
    return tuple(reversed(line))


def _body(reader: Reader, kind: Kind[T], account: str, name: str) -> T | None:
    document = reader.get(kind, account, "", name)
    return document.body if document else None


def levels(account: str, reader: Reader, kind: str = SCP) -> tuple[tuple[Policy, ...], ...]:
    """The policies of a type above an account, one tuple a level, root first and the account last.

    Empty where the account is in no organization or the type is not enabled.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    """
    place = membership(account, reader)
    return () if place is None else levels_of(place, reader, kind)


def levels_of(place: Membership, reader: Reader, kind: str = SCP) -> tuple[tuple[Policy, ...], ...]:
    """`levels` for a place that is known already."""
    root = place.line[0]
    if not isinstance(root, Root) or kind not in root.policy_types:
        return ()
    return tuple(tuple(_policies(place.organization.id, each, reader, kind)) for each in place.line)


def _policies(organization_id: str, target: Root | Unit | MemberAccount, reader: Reader, kind: str) -> Iterator[Policy]:
    for policy_id in target.attached:
        policy = FULL_ACCESS.get(policy_id) or _body(reader, ORGANIZATION_POLICY, organization_id, policy_id)
        if policy is not None and policy.type == kind:
            yield compiled(
                policy.content,
                Source(
                    layer=_LAYERS[kind],
                    id=policy.arn,
                    name=policy.name,
                    attached_to=target.arn,
                    aws_managed=policy_id in FULL_ACCESS,
                ),
            )


def part_of(organization_id: str, name: str, reader: Reader) -> Root | Unit | MemberAccount | OrganizationPolicy | None:
    """The account, unit, root or policy of that id; AWS's own policies are not among them."""
    return (
        _body(reader, MEMBER_ACCOUNT, organization_id, name)
        or _body(reader, UNIT, organization_id, name)
        or _body(reader, ROOT, organization_id, name)
        or _body(reader, ORGANIZATION_POLICY, organization_id, name)
    )


def targets_of(policy_id: str, organization_id: str, reader: Reader) -> list[Root | Unit | MemberAccount]:
    """Everything a policy is attached to: roots, units, accounts, each by id.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTargetsForPolicy.html
    """
    targets: list[Root | Unit | MemberAccount] = [
        *(document.body for document in reader.list(ROOT, organization_id, "")),
        *(document.body for document in reader.list(UNIT, organization_id, "")),
        *(document.body for document in reader.list(MEMBER_ACCOUNT, organization_id, "")),
    ]
    return [target for target in targets if policy_id in target.attached]
