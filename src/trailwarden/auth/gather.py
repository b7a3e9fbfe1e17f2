"""Which policies bear on a check.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from trailwarden.arn import Arn
from trailwarden.auth.callers import owner_of
from trailwarden.auth.compiled import compiled
from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.identities import GROUP, POLICY, ROLE, Group, Role, User
from trailwarden.auth.organization import RCP, SCP, Membership, levels_of
from trailwarden.auth.public import everyone_named, is_public
from trailwarden.auth.stages import Caller
from trailwarden.catalog.checks import Check
from trailwarden.policy import Layer, Policy, PolicySet, PrincipalKind, Source
from trailwarden.storage.ports import Reader

__all__ = ["Gatherer", "ManagedDocument"]

_REMEMBERED = 4_096
_AWS_MANAGED = "arn:aws:iam::aws:policy/"

_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

_RESTRICTED = (
    '{"Version":"2012-10-17","Statement":'
    '[{"Sid":"RestrictPublicBuckets","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}'
)
"""What S3's RestrictPublicBuckets amounts to for callers of other accounts."""

_ROLE_ACTIONS = frozenset(
    {
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:SetContext",
        "sts:SetSourceIdentity",
        "sts:TagSession",
    }
)


class ManagedDocument(Protocol):
    """An AWS managed policy as the catalog has it."""

    @property
    def document(self) -> str:
        """The default version's document."""


@dataclass(frozen=True, slots=True)
class _Joined:
    """A caller's set with what hangs on a resource. Both are held, so that the ids of their policies stay theirs."""

    base: PolicySet
    policies: PolicySet


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for a caller, and the set made of it."""

    read: tuple[object, ...]
    levels: tuple[tuple[Policy, ...], ...]
    policies: PolicySet


class Gatherer:
    """Gathers policies; sets are made again only when a document behind them has changed."""

    def __init__(self, managed: Callable[[str], ManagedDocument | None]) -> None:
        self._managed = managed
        self._known: dict[tuple[object, ...], _Known] = {}
        self._joined: dict[tuple[object, ...], _Joined] = {}

    def of_caller(self, caller: Caller, reader: Reader, place: Membership | None) -> PolicySet:
        """Identity-based policies, boundary, session policies and service control policies. `place` is the caller's."""
        owner = owner_of(caller.principal, reader)
        session = caller.session
        read: tuple[object, ...] = (owner, session, *self._documents(owner, caller, reader))
        scps = levels_of(place, reader, SCP) if place is not None else ()
        key = (caller.principal.arn, caller.access_key)
        known = self._known.get(key)
        if known is not None and known.levels == scps and known.read == read:
            return known.policies
        policies = self._made(owner, caller, reader, scps)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = _Known(read, scps, policies)
        return policies

    def _documents(self, owner: User | Role | None, caller: Caller, reader: Reader) -> Iterator[object]:
        """The documents besides the owner's own that its policies come from."""
        if owner is None:
            arns: tuple[str, ...] = ()
        else:
            groups = _groups(owner, caller, reader)
            yield from groups
            arns = (*owner.attached, *(arn for group in groups for arn in group.attached), owner.boundary)
        if caller.session is not None:
            arns = (*arns, *caller.session.policy_arns)
        for arn in arns:
            if arn and not arn.startswith(_AWS_MANAGED):
                document = reader.get(POLICY, _account_of(arn), "", arn)
                yield document.body if document else None

    def _made(
        self, owner: User | Role | None, caller: Caller, reader: Reader, scps: tuple[tuple[Policy, ...], ...]
    ) -> PolicySet:
        return PolicySet(
            identity=tuple(self._identity(owner, caller, reader)),
            boundary=self._boundary(owner, reader),
            session=self._session(caller, reader),
            scoped=tuple(_scoped(caller)),
            scps=scps,
        )

    def _identity(self, owner: User | Role | None, caller: Caller, reader: Reader) -> Iterator[Policy]:
        """Inline and managed policies of the user or role, then those of the user's groups in order."""
        if owner is None:
            if _comes_from_root(caller):
                arn = caller.principal.issuer_arn
                yield compiled(_EVERYTHING, Source(layer=Layer.IDENTITY, id=arn, name="root user", attached_to=arn))
            return
        for holder in (owner, *_groups(owner, caller, reader)):
            for name, text in holder.inline.items():
                yield compiled(
                    text, Source(layer=Layer.IDENTITY, id=name, name=name, attached_to=holder.arn, inline=True)
                )
            for arn in holder.attached:
                yield from self._managed_policy(arn, Layer.IDENTITY, holder.arn, reader)

    def _boundary(self, owner: User | Role | None, reader: Reader) -> tuple[Policy, ...] | None:
        """The permissions boundary; one whose policy is gone caps everything.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        if owner is None or not owner.boundary:
            return None
        return tuple(self._managed_policy(owner.boundary, Layer.BOUNDARY, owner.arn, reader))

    def _session(self, caller: Caller, reader: Reader) -> tuple[Policy, ...] | None:
        session = caller.session
        if session is None or not (session.policies or session.policy_arns):
            return None
        arn = caller.principal.arn
        inline = [
            compiled(text, Source(layer=Layer.SESSION, id=arn, attached_to=arn, inline=True))
            for text in session.policies
        ]
        managed = [
            policy for each in session.policy_arns for policy in self._managed_policy(each, Layer.SESSION, arn, reader)
        ]
        return (*inline, *managed)

    def _managed_policy(self, arn: str, layer: Layer, attached_to: str, reader: Reader) -> Iterator[Policy]:
        """The default version of a managed policy; nothing where it does not exist (any more)."""
        aws_managed = arn.startswith(_AWS_MANAGED)
        text = self._aws_text(arn) if aws_managed else _customer_text(arn, reader)
        if text is not None:
            name = arn.rpartition("/")[2]
            yield compiled(
                text, Source(layer=layer, id=arn, name=name, attached_to=attached_to, aws_managed=aws_managed)
            )

    def _aws_text(self, arn: str) -> str | None:
        found = self._managed(arn)
        return None if found is None else found.document

    def of_check(
        self,
        base: PolicySet,
        caller: Caller,
        check: Check,
        facts: ResourceFacts | None,
        *,
        reader: Reader,
        owner: Membership | None,
    ) -> PolicySet:
        """`base` (from `of_caller`) with what hangs on the resource and over its account; itself where nothing does.

        `owner` is the place of the resource's account in its organization.
        """
        resource = tuple(_resource(caller, facts)) if facts is not None else ()
        trust = tuple(_trust(check, reader)) if check.action in _ROLE_ACTIONS else ()
        rcps = levels_of(owner, reader, RCP) if owner is not None else ()
        if not resource and not trust and not rcps:
            return base
        return self._together(base, resource, trust, rcps)

    def _together(
        self,
        base: PolicySet,
        resource: tuple[Policy, ...],
        trust: tuple[Policy, ...],
        rcps: tuple[tuple[Policy, ...], ...],
    ) -> PolicySet:
        """The one set of these policies: compiled ones are the same objects from call to call, until one changes."""
        key = (id(base), _ids(resource), _ids(trust), tuple(map(_ids, rcps)))
        joined = self._joined.get(key)
        if joined is None:
            if len(self._joined) >= _REMEMBERED:
                self._joined.clear()
            joined = _Joined(base, replace(base, resource=resource, trust=trust, rcps=rcps))
            self._joined[key] = joined
        return joined.policies


def _ids(policies: tuple[Policy, ...]) -> tuple[int, ...]:
    return tuple(map(id, policies))


def _comes_from_root(caller: Caller) -> bool:
    """A federated user made by the root user has whatever its session policies let through."""
    principal = caller.principal
    return principal.kind is PrincipalKind.FEDERATED_USER and principal.issuer_arn.endswith(":root")


def _scoped(caller: Caller) -> Iterator[tuple[Policy, ...]]:
    """The policies that GetScopedCredentials narrowed the caller's session by, one at a time."""
    arn = caller.principal.arn
    for number, text in enumerate(caller.session.scoped if caller.session else ()):
        source = Source(layer=Layer.SESSION, id=f"{arn} scope-down {number + 1}", attached_to=arn, inline=True)
        yield (compiled(text, source),)


def _groups(owner: User | Role, caller: Caller, reader: Reader) -> tuple[Group, ...]:
    if not isinstance(owner, User):
        return ()
    account = caller.principal.account
    found = (reader.get(GROUP, account, "", name.lower()) for name in owner.groups)
    return tuple(document.body for document in found if document is not None)


def _account_of(arn: str) -> str:
    parsed = Arn.parse(arn)
    return parsed.account if parsed else ""


def _customer_text(arn: str, reader: Reader) -> str | None:
    document = reader.get(POLICY, _account_of(arn), "", arn)
    if document is None:
        return None
    versions: Mapping[str, str] = {version.id: version.document for version in document.body.versions}
    return versions.get(document.body.default)


def _trust(check: Check, reader: Reader) -> Iterator[Policy]:
    """The trust policy of the role that is to be assumed.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
    """
    arn = Arn.parse(check.resource)
    if arn is None or arn.service != "iam" or arn.type != "role":
        return
    document = reader.get(ROLE, arn.account, "", arn.name.lower())
    if document is not None and document.body.arn == check.resource:
        role = document.body
        yield compiled(role.trust, Source(layer=Layer.TRUST, id=role.arn, name=role.name, attached_to=role.arn))


def _resource(caller: Caller, facts: ResourceFacts) -> Iterator[Policy]:
    """The resource's policies and grants, less what Block Public Access takes off.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    if caller.principal.kind is PrincipalKind.ANONYMOUS and not facts.anonymous:
        return
    restricted = "RestrictPublicBuckets" in facts.blocks and _is_outsider(caller, facts)
    public = False
    for arn, text in facts.policies:
        policy = compiled(text, Source(layer=Layer.RESOURCE, id=arn, attached_to=arn))
        public = public or (restricted and is_public(policy))
        yield policy
    for text in facts.grants:
        grant = compiled(text, Source(layer=Layer.RESOURCE, id="grant", name="grant", attached_to=facts.arn))
        if "IgnorePublicAcls" not in facts.blocks or not any(map(everyone_named, grant.statements)):
            yield grant
    if public:
        yield compiled(_RESTRICTED, Source(layer=Layer.RESOURCE, id="RestrictPublicBuckets", attached_to=facts.arn))


def _is_outsider(caller: Caller, facts: ResourceFacts) -> bool:
    return caller.principal.kind is not PrincipalKind.SERVICE and caller.principal.account != facts.account
