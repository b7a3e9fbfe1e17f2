"""Whom a simulation is about, and which policies that brings.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html (PolicySourceArn)
"""

from dataclasses import dataclass, replace

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.gather import Gatherer
from trailwarden.auth.identities import GROUP, ROLE, USER, Group, Role, User
from trailwarden.auth.organization import Membership, membership
from trailwarden.auth.stages import Caller
from trailwarden.policy import ANY, Layer, Policy, PolicySet, Principal, PrincipalKind, Source
from trailwarden.services.call import Call
from trailwarden.services.iam.documents import compiled
from trailwarden.services.iam.errors import InvalidInput, NoSuchEntity
from trailwarden.services.iam.managed import policy_named
from trailwarden.services.world import World

__all__ = ["EntityNotFound", "Subject", "stranger", "subject_of"]


class EntityNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html."""

    message = "The entity with ARN {arn} cannot be found."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A caller and the policies that apply to it: identity-based ones, boundary, and the organization's."""

    caller: Caller
    policies: PolicySet
    place: Membership | None = None


def subject_of(call: Call, world: World, arn_text: str) -> Subject:
    """The user, group or role of that ARN; InvalidInput for another ARN, EntityNotFound where there is none.

    A group is taken for a member of it who has nothing else: the organization's policies bind it too.
    """
    arn = Arn.parse(arn_text)
    if arn is None or arn.service != "iam" or arn.type not in {"user", "group", "role"}:
        raise InvalidInput(reason=f"Invalid Entity Arn: {arn_text} does not clearly define entity type and name.")
    entity = _entity(world, arn) if arn.account == call.account else None
    if entity is None or entity.arn != arn_text:
        raise EntityNotFound(arn=arn_text)
    if isinstance(entity, Group):
        member = _gathered(world, stranger(call, "").caller)
        return replace(member, policies=replace(member.policies, identity=tuple(_policies_of(call, world, entity))))
    return _gathered(world, _caller(arn.account, entity))


def stranger(call: Call, arn_text: str) -> Subject:
    """A caller known by ARN alone, without policies; for no ARN a user of the account."""
    arn = Arn.parse(arn_text) if arn_text else None
    account = arn.account if arn else call.account
    named = arn_text or f"arn:aws:iam::{account}:user/simulated"
    principal = Principal(kind=PrincipalKind.USER, account=account, arn=named, issuer_arn=named)
    name = named.rpartition("/")[2] if arn_text else ""
    return Subject(caller=Caller(principal=principal, user_name=name), policies=PolicySet())


def _entity(world: World, arn: Arn) -> User | Group | Role | None:
    name = arn.name.lower()
    if arn.type == "user":
        return world.find(USER, arn.account, "", name)
    if arn.type == "group":
        return world.find(GROUP, arn.account, "", name)
    return world.find(ROLE, arn.account, "", name)


def _caller(account: str, entity: User | Role) -> Caller:
    if isinstance(entity, User):
        principal = Principal(
            kind=PrincipalKind.USER,
            account=account,
            arn=entity.arn,
            issuer_arn=entity.arn,
            unique_id=entity.id,
        )
        return Caller(principal=principal, user_name=entity.name, tags=entity.tags)
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        account=account,
        arn=f"arn:aws:sts::{account}:assumed-role/{entity.name}/simulated",
        issuer_arn=entity.arn,
        unique_id=f"{entity.id}:simulated",
        issuer_id=entity.id,
        service_linked=bool(entity.service),
    )
    return Caller(principal=principal, tags=entity.tags)


def _gathered(world: World, caller: Caller) -> Subject:
    place = membership(caller.principal.account, world.transaction)
    policies = Gatherer(catalog.managed_policy).of_caller(caller, world.transaction, place)
    return Subject(caller=caller, policies=policies, place=place)


def _policies_of(call: Call, world: World, group: Group) -> list[Policy]:
    inline = [
        compiled(text, Source(layer=Layer.IDENTITY, id=name, name=name, attached_to=group.arn, inline=True), ANY)
        for name, text in group.inline.items()
    ]
    for arn in group.attached:
        policy = policy_named(call, world, arn)
        document = next(version.document for version in policy.versions if version.id == policy.default)
        source = Source(
            layer=Layer.IDENTITY,
            id=arn,
            name=policy.name,
            attached_to=group.arn,
            aws_managed=arn.startswith("arn:aws:iam::aws:policy/"),
        )
        inline.append(compiled(document, source, ANY))
    return inline
