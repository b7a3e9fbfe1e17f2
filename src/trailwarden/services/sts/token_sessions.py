"""Sessions of roles for people and workloads that an identity provider vouches for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.callers import standing
from trailwarden.auth.context import request_context
from trailwarden.auth.identities import ROLE
from trailwarden.auth.stages import Caller, Session
from trailwarden.catalog.checks import Check
from trailwarden.errors import ValidationException
from trailwarden.policy import ContextValue
from trailwarden.policy.request import Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.sts.durations import role_duration
from trailwarden.services.sts.errors import InvalidIdentityToken, NotAllowed
from trailwarden.services.sts.role_sessions import RoleOf, note_use, role_principal
from trailwarden.services.sts.session_policies import session_policies
from trailwarden.services.sts.session_tags import passed_on, session_tags
from trailwarden.services.sts.shape import assumed_shown
from trailwarden.services.world import World

__all__ = ["Vouched", "account_of_role", "begin_session"]

_NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whom a verified token or assertion is about. `provider` is the provider's ARN, or the name of a built-in one.

    `id` is the principal's id in events; `keys` are the condition keys that the token fills, `lasting` those that stay
    with the session; `longest` bounds the session's length where the provider does.
    """

    kind: PrincipalKind
    operation: str
    provider: str
    id: str
    name: str
    session_name: str
    keys: Mapping[str, ContextValue]
    lasting: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    longest: int | None = None


def account_of_role(arn_text: str) -> str:
    """The account of a role's ARN; ValidationException for any other text."""
    arn = Arn.parse(arn_text)
    if arn is None or arn.service != "iam" or arn.type != "role" or not arn.account:
        raise ValidationException(reason=f"{arn_text} is invalid")
    return arn.account


def begin_session(call: Call, world: World, vouched: Vouched) -> dict[str, Any]:
    """Give credentials of the role, if its trust policy lets in whom the token is about.

    The members that both operations answer: Credentials, AssumedRoleUser, PackedPolicySize, SourceIdentity. Raises
    AccessDenied, and what is wrong with durations, tags or session policies.
    """
    _check_names(vouched)
    of = _let_in(call, world, vouched)
    wanted = call.params.get("DurationSeconds")
    duration = role_duration(wanted, of.role.max_session_duration, chained=False)
    tags, transitive = passed_on(
        None,
        session_tags([{"Key": key, "Value": value} for key, value in vouched.tags.items()]),
        vouched.transitive,
    )
    limits = session_policies(world, of.account, call.params, tags)
    session = Session(
        created=call.now,
        expires=call.now + min(duration, vouched.longest or duration),
        name=vouched.session_name,
        issuer_type="Role",
        issuer_arn=of.role.arn,
        issuer_id=of.role.id,
        issuer_name=of.role.name,
        issuer_account=of.account,
        policies=limits.policies,
        policy_arns=limits.arns,
        tags=tags,
        transitive=transitive,
        source_identity=vouched.source_identity,
        federated_provider=vouched.provider,
        federated_attributes=vouched.lasting,
    )
    principal = role_principal(of, session.name)
    credentials = world.vault.issue(principal, session, expires=session.expires, chance=world.chance)
    note_use(call, world, of)
    return assumed_shown(credentials, principal, session, limits.packed)


def _check_names(vouched: Vouched) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html."""
    if not vouched.session_name:
        raise InvalidIdentityToken(reason="RoleSessionName is required in AuthnResponse")
    if not _NAME.match(vouched.session_name):
        raise InvalidIdentityToken(reason="RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    identity = vouched.source_identity
    if identity and (not _NAME.match(identity) or identity.lower().startswith("aws:")):
        raise InvalidIdentityToken(
            reason='Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'
        )


def _let_in(call: Call, world: World, vouched: Vouched) -> RoleOf:
    """The role, once its trust policy has let the caller in; AccessDenied otherwise, whether or not it exists."""
    arn = str(call.params["RoleArn"])
    account = account_of_role(arn)
    if not standing(account, world.transaction).active:
        raise NotAllowed(reason=f"Not authorized to perform {vouched.operation}")
    principal = Principal(kind=vouched.kind, account="", arn=vouched.provider, unique_id=vouched.id)
    caller = Caller(principal=principal, user_name=vouched.name)
    context = {**request_context(call.authorized.resolved.authenticated), **vouched.keys}
    for check in _checks(vouched, arn):
        world.authorizer.demand(caller, check, world.transaction, now=call.now, region=call.region, context=context)
    role = world.find(ROLE, account, "", arn.rpartition("/")[2].lower())
    if role is None or role.arn != arn:
        raise NotAllowed(reason=f"Not authorized to perform {vouched.operation}")
    return RoleOf(account, role)


def _checks(vouched: Vouched, arn: str) -> Iterator[Check]:
    """The permission itself, and one for each thing that the token has the session carry.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    context: dict[str, str | tuple[str, ...]] = {"sts:RoleSessionName": vouched.session_name}
    context |= {f"aws:RequestTag/{key}": value for key, value in vouched.tags.items()}
    for key, told in (
        ("aws:TagKeys", tuple(vouched.tags)),
        ("sts:TransitiveTagKeys", vouched.transitive),
        ("sts:SourceIdentity", vouched.source_identity),
    ):
        if told:
            context[key] = told
    for action, wanted in (
        (vouched.operation, True),
        ("sts:TagSession", bool(vouched.tags)),
        ("sts:SetSourceIdentity", bool(vouched.source_identity)),
    ):
        if wanted:
            yield Check(action=action, resource=arn, context=context, named=None)
