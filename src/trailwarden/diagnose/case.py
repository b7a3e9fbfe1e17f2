"""From a refusal and account data to the request as the engine sees it, and its decision."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from trailwarden.arn import Arn
from trailwarden.diagnose.account import Account, Identity, IdentityKind
from trailwarden.diagnose.circumstances import Supposed, event_context, identity_context, possible_keys
from trailwarden.diagnose.compiling import readable
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.naming import resource_arn
from trailwarden.diagnose.refusal import Refusal
from trailwarden.policy import (
    AccessRequest,
    ContextValue,
    Decision,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
    evaluate,
)

__all__ = ["Case", "MoreNeeded", "ask", "managed_source", "rebuild"]

_SCP, _RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


class MoreNeeded(Exception):
    """The refusal cannot be judged with the data at hand; the text says which data is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A refusal with everything that is known of it.

    `identity` is the user or role behind the caller, None for a root user or an outsider; `missing` names data that
    would make the answer surer. `pattern` is how a policy should name the resource, where not by its ARN. `data` is where
    all of it was read.
    """

    refusal: Refusal
    identity: Identity | None
    decision: Decision
    missing: tuple[str, ...] = ()
    pattern: str = ""
    data: AccountData | None = field(default=None, compare=False, repr=False)

    @property
    def granted(self) -> str:
        """The Resource that a statement for this request has."""
        return self.pattern or self.request.resource

    @property
    def request(self) -> AccessRequest:
        """What was asked."""
        return self.decision.request

    @property
    def policies(self) -> PolicySet:
        """By which policies it is judged."""
        return self.decision.policies

    @property
    def absent(self) -> bool:
        """Whether the account data, which knows of all resources of that kind, does not know of this one.

        A role that is passed may be made by the same template, and what is tagged by the same call: their absence tells nothing.
        """
        arn, action = Arn.parse(self.request.resource), self.request.action.lower()
        made = action.partition(":")[2].startswith(("create", "tag")) or action == "iam:passrole"
        return arn is not None and self.data is not None and not made and _unknown(arn, self.data)


def _unknown(arn: Arn, data: AccountData) -> bool:
    """A collection (`user/`) is no resource that could be missing, nor is a bucket that another account may own."""
    if "*" in arn.resource or not arn.name:
        return False
    if arn.service == "iam" and arn.type in _IDENTITIES:
        account = data.account(arn.account)
        return account is not None and account.find(_IDENTITIES[arn.type], arn.name) is None
    whole = replace(arn, resource=arn.resource.partition("/")[0]) if arn.service == "s3" else arn
    existing = data.alike(whole)
    elsewhere = arn.service == "s3" and data.resource_policies(arn) is None
    return existing is not None and str(whole) not in existing and not elsewhere


_IDENTITIES: Mapping[str, IdentityKind] = {"user": "user", "group": "group", "role": "role"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    principal: Principal
    identity: Identity | None
    account: Account | None


def rebuild(refusal: Refusal, data: AccountData) -> Case:
    """The case of a refusal. Raises MoreNeeded, Unreadable."""
    caller = _caller(refusal.principal, data)
    action = refusal.action
    region = str(refusal.event.get("awsRegion") or data.region)
    resource = resource_arn(
        refusal.resource, action, account=caller.principal.account, region=region, found=caller.account
    )
    missing: list[str] = []
    policies = _policies(caller, action, resource, data, missing, blamed=refusal.layer)
    arn = Arn.parse(resource)
    context: dict[str, ContextValue] = {
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
        **identity_context(caller.identity),
        **event_context(refusal.event),
        **_passing(refusal, action, arn, caller.account),
        **refusal.context,
    }
    request = AccessRequest(
        principal=caller.principal,
        action=action,
        resource=resource,
        resource_account=_owner(arn, caller.principal.account, data),
        context=Supposed(context, possible_keys(action), refusal.settled),
    )
    return Case(
        refusal=refusal,
        identity=caller.identity,
        decision=evaluate(request, policies),
        missing=tuple(missing),
        data=data,
    )


def _passing(refusal: Refusal, action: str, role: Arn | None, account: Account | None) -> dict[str, ContextValue]:
    """To which service a role is passed: the event's own, else the one service that the role trusts.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if action.lower() != "iam:passrole" or role is None:
        return {}
    source = refusal.event.get("eventSource")
    if isinstance(source, str) and source and source != "iam.amazonaws.com":
        return {"iam:PassedToService": source}
    passed = account.find("role", role.name) if account else None
    trusted = set(trusted_services(passed.trust)) if passed and passed.trust else set()
    return {"iam:PassedToService": trusted.pop()} if len(trusted) == 1 else {}


def trusted_services(trust: str) -> Iterator[str]:
    """The service principals that a trust policy lets in."""
    for policy in readable(trust, Source(layer=Layer.TRUST, id="trust")):
        for statement in policy.statements:
            if statement.allows and statement.principals is not None:
                yield from statement.principals.services


def ask(  # noqa: PLR0913 — a request is all of this
    refusal: Refusal,
    data: AccountData,
    *,
    principal: str,
    action: str,
    resource: str,
    context: Mapping[str, ContextValue],
    owner: str,
    pattern: str = "",
) -> Case:
    """The case of a request that the refused call needs, asked by a principal or a service. Raises MoreNeeded, Unreadable."""
    caller = _caller(principal, data)
    missing: list[str] = []
    policies = _policies(caller, action, resource, data, missing)
    request = AccessRequest(
        principal=caller.principal,
        action=action,
        resource=resource,
        resource_account=owner if resource != "*" else "",
        context=Supposed({**identity_context(caller.identity), **context}, possible_keys(action)),
    )
    return Case(
        refusal=refusal,
        identity=caller.identity,
        decision=evaluate(request, policies),
        missing=tuple(missing),
        pattern=pattern,
        data=data,
    )


def _owner(arn: Arn | None, account: str, data: AccountData) -> str:
    """The resource's account, which its ARN tells. A bucket's does not: one whose policy is at hand is the data's own."""
    if arn is None or arn.account:
        return arn.account if arn else ""
    own = data.account("")
    return own.id if own is not None and data.resource_policies(arn) is not None else account


_SERVICE = re.compile(r"\.|^\[|\s")
"""A service's principal has a dot; AWS writes some as `[AmazonConnect]` or `CloudWatch Alarms`."""


def _caller(principal: str, data: AccountData) -> _Caller:
    arn = Arn.parse(principal)
    if arn is None:
        if principal and _SERVICE.search(principal) is None:
            raise MoreNeeded(f"the caller's ARN: {principal} is the name of a session or function at best")
        if principal:
            service = Principal(kind=PrincipalKind.SERVICE, account="", arn=principal)
            return _Caller(principal=service, identity=None, account=None)
        raise MoreNeeded("the caller: the text names no user or role")
    account = data.account(arn.account)
    maker = _CALLERS.get(arn.type or arn.resource)
    if maker is None:
        raise MoreNeeded(f"who {principal} is: it is no user, role or session")
    return maker(arn, account)


def _root(arn: Arn, account: Account | None) -> _Caller:
    principal = Principal(kind=PrincipalKind.ROOT, account=arn.account, arn=str(arn), issuer_arn=str(arn))
    return _Caller(principal=principal, identity=None, account=account)


def _user(arn: Arn, account: Account | None) -> _Caller:
    identity = account.find("user", arn.name) if account else None
    principal = Principal(
        kind=PrincipalKind.USER,
        account=arn.account,
        arn=str(arn),
        issuer_arn=str(arn),
        unique_id=identity.id if identity else "",
    )
    return _known(principal, identity, account, f"user {arn.name}")


def _session(arn: Arn, account: Account | None) -> _Caller:
    _, role, *session = arn.resource.split("/")
    identity = account.find("role", role) if account else None
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        account=arn.account,
        arn=str(arn),
        issuer_arn=identity.arn if identity else f"arn:{arn.partition}:iam::{arn.account}:role/{role}",
        unique_id=f"{identity.id}:{'/'.join(session)}" if identity else "",
        issuer_id=identity.id if identity else "",
        service_linked=bool(identity and "/aws-service-role/" in identity.arn),
    )
    return _known(principal, identity, account, f"role {role}")


def _role(arn: Arn, account: Account | None) -> _Caller:
    session = Arn(
        partition=arn.partition, service="sts", account=arn.account, resource=f"assumed-role/{arn.name}/session"
    )
    return _session(session, account)


def _federated(arn: Arn, account: Account | None) -> _Caller:
    principal = Principal(kind=PrincipalKind.FEDERATED_USER, account=arn.account, arn=str(arn))
    return _Caller(principal=principal, identity=None, account=account)


_CALLERS = {
    "root": _root,
    "user": _user,
    "assumed-role": _session,
    "role": _role,
    "federated-user": _federated,
}


def _known(principal: Principal, identity: Identity | None, account: Account | None, named: str) -> _Caller:
    if account is not None and identity is None:
        raise MoreNeeded(f"the policies of {named}: account {account.id} has no such identity in the data at hand")
    return _Caller(principal=principal, identity=identity, account=account)


def _policies(
    caller: _Caller,
    action: str,
    resource: str,
    data: AccountData,
    missing: list[str],
    *,
    blamed: Layer | None = None,
) -> PolicySet:
    """Every layer. What is not at hand is taken to allow where AWS blames (`blamed`) another layer, and is named."""
    account = caller.principal.account
    identity = tuple(_identity(caller.identity, caller.account))
    issuer_unknown = caller.principal.kind is PrincipalKind.FEDERATED_USER and blamed is Layer.SESSION
    if (caller.account is None and account) or issuer_unknown:
        missing.append(f"the identity-based policies of account {account}, which are taken to allow it")
        identity = _TAKEN_TO_ALLOW
    arn = Arn.parse(resource)
    trust: tuple[Policy, ...] = ()
    if arn is not None and action.lower().startswith("sts:") and arn.type == "role":
        trust = _trust(arn, data, missing, blamed)
    return PolicySet(
        session=_session_policies(caller.principal.arn, data),
        identity=identity,
        boundary=_boundary(caller.identity, caller.account, missing),
        scps=_levels(data, account, _SCP, Layer.SCP, missing),
        rcps=_levels(data, arn.account if arn and arn.account else account, _RCP, Layer.RCP, missing),
        resource=_resource(arn, data, missing, blamed),
        trust=trust,
    )


_TAKEN_TO_ALLOW = (
    compile_policy(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        Source(layer=Layer.IDENTITY, id="not-known-here"),
    ),
)
"""Stands for the policies of an account that is not at hand, so that the side which is at hand can be judged."""

_TAKEN_TO_TRUST = (
    compile_policy(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:*"}]},
        Source(layer=Layer.TRUST, id="not-known-here"),
    ),
)


def _identity(identity: Identity | None, account: Account | None) -> Iterator[Policy]:
    """The inline and attached policies of the identity and, for a user, of its groups."""
    if identity is None or account is None:
        return
    groups = [account.find("group", name) for name in identity.groups]
    for holder in (identity, *(group for group in groups if group is not None)):
        for name, text in holder.inline.items():
            yield from readable(
                text, Source(layer=Layer.IDENTITY, id=name, name=name, attached_to=holder.arn, inline=True)
            )
        for arn in holder.attached:
            yield from readable(account.policy(arn), managed_source(Layer.IDENTITY, arn, holder.arn))


def managed_source(layer: Layer, arn: str, holder: str) -> Source:
    """Where a managed policy stands for an identity."""
    return Source(
        layer=layer, id=arn, name=arn.rpartition("/")[2], attached_to=holder, aws_managed=":aws:policy/" in arn
    )


def _boundary(identity: Identity | None, account: Account | None, missing: list[str]) -> tuple[Policy, ...] | None:
    if identity is None or account is None or not identity.boundary:
        return None
    text = account.policy(identity.boundary)
    if text is None:
        missing.append(f"the permissions boundary {identity.boundary}")
        return None
    return tuple(readable(text, managed_source(Layer.BOUNDARY, identity.boundary, identity.arn)))


def _levels(
    data: AccountData, account: str, kind: str, layer: Layer, missing: list[str]
) -> tuple[tuple[Policy, ...], ...]:
    levels = data.levels(account, kind) if account else ()
    if levels is None:
        missing.append(f"the {layer.replace('policy', 'policies')} over account {account}")
        return ()
    return tuple(
        tuple(policy for arn, text in level for policy in readable(text, managed_source(layer, arn, account)))
        for level in levels
    )


def _session_policies(principal: str, data: AccountData) -> tuple[Policy, ...] | None:
    found = data.session(principal) if principal else None
    if not found:
        return None
    return tuple(
        policy
        for text in found
        for policy in readable(text, Source(layer=Layer.SESSION, id="session policy", attached_to=principal))
    )


def _resource(arn: Arn | None, data: AccountData, missing: list[str], blamed: Layer | None) -> tuple[Policy, ...]:
    if arn is None:
        return ()
    found = data.resource_policies(arn)
    if found is None:
        missing.append(f"the resource-based policy of {arn}")
        return _assumed(arn, blamed)
    return tuple(
        policy
        for holder, text in found
        for policy in readable(text, Source(layer=Layer.RESOURCE, id=holder, attached_to=holder))
    )


def _assumed(arn: Arn, blamed: Layer | None) -> tuple[Policy, ...]:
    """What stands for a policy that is not at hand: a key's leaves access to its account, as keys are made.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    owner = f"arn:{arn.partition}:iam::{arn.account}:root"
    if arn.service == "kms" and blamed not in {Layer.IDENTITY, Layer.RESOURCE}:
        principal: object = {"AWS": owner}
    elif blamed not in {None, Layer.RESOURCE}:
        principal = "*"
    else:
        return ()
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}
    source = Source(layer=Layer.RESOURCE, id="not-known-here")
    return tuple(readable({"Version": "2012-10-17", "Statement": [statement]}, source))


def _trust(arn: Arn, data: AccountData, missing: list[str], blamed: Layer | None) -> tuple[Policy, ...]:
    account = data.account(arn.account)
    role = account.find("role", arn.name) if account else None
    given = data.resource_policies(arn) if role is None else None
    if given:
        source = Source(layer=Layer.TRUST, id=str(arn), name=arn.name, attached_to=str(arn))
        return tuple(policy for _, text in given for policy in readable(text, source))
    if role is None or not role.trust:
        missing.append(f"the trust policy of {arn}")
        return () if blamed in {None, Layer.TRUST} else _TAKEN_TO_TRUST
    return tuple(readable(role.trust, Source(layer=Layer.TRUST, id=role.arn, name=role.name, attached_to=role.arn)))
