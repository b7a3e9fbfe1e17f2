"""Who from outside the zone of trust is let in by a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-concepts.html
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.auth.callers import canonical_id
from trailwarden.policy import Condition, Statement
from trailwarden.services.accessanalyzer.resources import Held
from trailwarden.services.iam.finding import UNIQUE_ID
from trailwarden.services.world import World

__all__ = ["Access", "Zone", "external_access"]

_EQUALS = frozenset({"stringequals", "stringequalsignorecase", "arnequals", "arnlike", "stringlike"})
_ACCOUNT_KEYS = frozenset(
    {"aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount", "s3:dataaccesspointaccount"}
)
_ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn"})
_ORGANIZATION_KEY = "aws:principalorgid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Who is trusted: accounts, and the organization where the whole of it is, else ""."""

    accounts: frozenset[str]
    organization: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One principal that a statement lets in from outside. `id` is the same as long as the access is."""

    id: str
    held: Held
    kind: str
    principal: str
    actions: tuple[str, ...]
    conditions: Mapping[str, str]
    public: bool


def external_access(world: World, held: Held, zone: Zone) -> Iterator[Access]:
    """Each principal outside the zone that an Allow statement names and no condition keeps to the zone."""
    for statement in held.policy.statements:
        if (
            not statement.allows
            or statement.principals is None
            or any(_inside(each, zone) for each in statement.conditions)
        ):
            continue
        yield from (_access(held, statement, kind, name) for kind, name in _outsiders(world, statement, zone))


def _outsiders(world: World, statement: Statement, zone: Zone) -> Iterator[tuple[str, str]]:
    """Services are never outsiders; a NotPrincipal lets everybody else in."""
    principals = statement.principals
    if principals is None:
        return
    if principals.everyone or principals.negated:
        yield "AWS", "*"
        return
    for kind, name in principals.written:
        shown = _shown(world, name)
        if kind == "AWS" and _account_of(shown) not in zone.accounts:
            yield kind, shown
        elif kind == "Federated" or (
            kind == "CanonicalUser" and name not in {canonical_id(each) for each in zone.accounts}
        ):
            yield kind, name


def _shown(world: World, name: str) -> str:
    """A unique id as the ARN it stands for, an account's number as its ARN."""
    if name.isdecimal():
        return f"arn:aws:iam::{name}:root"
    found = world.find(UNIQUE_ID, "", "", name) if name[:4] in {"AIDA", "AROA"} else None
    return found.arn if found else name


def _account_of(name: str) -> str:
    arn = Arn.parse(name)
    return arn.account if arn else name


def _inside(condition: Condition, zone: Zone) -> bool:
    """Whether the condition can be met from inside the zone alone."""
    name = condition.operator.rpartition(":")[2].lower()
    if name not in _EQUALS or condition.if_exists or condition.operator.lower().startswith("forallvalues"):
        return False
    key, values = condition.folded_key, condition.values
    if key in _ACCOUNT_KEYS:
        return bool(values) and all(value in zone.accounts for value in values)
    if key in _ARN_KEYS:
        return bool(values) and all(_account_of(value) in zone.accounts for value in values)
    return key == _ORGANIZATION_KEY and bool(zone.organization) and set(values) == {zone.organization}


def _access(held: Held, statement: Statement, kind: str, name: str) -> Access:
    conditions = {condition.key: ",".join(condition.values) for condition in statement.conditions}
    told = "\n".join([held.arn, kind, name, *statement.actions, *map("=".join, sorted(conditions.items()))])
    digest = hashlib.sha256(told.encode()).hexdigest()
    return Access(
        id=f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
        held=held,
        kind=kind,
        principal=name,
        actions=statement.actions,
        conditions=conditions,
        public=name == "*" and not statement.conditions,
    )
