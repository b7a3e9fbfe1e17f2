"""Least privilege: the smallest policy that allows what a principal has been seen to do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-gen-least-privilege-policies
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.diagnose.account import Account, Identity
from trailwarden.diagnose.compiling import compile_for
from trailwarden.diagnose.data import Unreadable
from trailwarden.diagnose.edits import Attach, ClientCall, Place, SetDocument
from trailwarden.diagnose.usage import Usage, Used
from trailwarden.policy import (
    AccessRequest,
    ContextValue,
    Layer,
    MalformedPolicy,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    evaluate,
    policy_size,
)

__all__ = ["Generated", "generate"]

_INLINE_MAX: Mapping[str, int] = {"user": 2_048, "role": 10_240}
_MANAGED_MAX = 6_144
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

_ONE_OF = frozenset({"iam:PassedToService", "kms:ViaService"})
"""Keys of which several values keep their meaning; of others one value alone is kept."""

_Conditions = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The policy as its documents (one, unless IAM's quotas ask for more; none where nothing was used), and how it compares.

    `uncovered` are recorded permissions that it does not allow: none, unless something is wrong. `unused` are actions that
    the principal has and was not seen to use.
    """

    principal: str
    kind: Literal["user", "role"]
    name: str
    documents: tuple[Mapping[str, Any], ...]
    inline: bool
    usage: Usage
    uncovered: tuple[tuple[str, str], ...]
    granted: int
    unused: tuple[str, ...]

    @property
    def statements(self) -> tuple[Mapping[str, Any], ...]:
        """All statements."""
        return tuple(statement for document in self.documents for statement in document["Statement"])

    @property
    def commands(self) -> tuple[str, ...]:
        """How the `aws` command line does it."""
        if self.inline:
            return tuple(edit.call.command for edit in self._inline_edits())
        made: list[str] = []
        for attach in self._attachments():
            params = {"PolicyName": attach.arn.rpartition("/")[2], "PolicyDocument": attach.document}
            made.append(ClientCall(service="iam", operation="CreatePolicy", params=params).command)
            made.append(attach.call.command)
        return tuple(made)

    @property
    def terraform(self) -> str:
        """The same as Terraform resources."""
        if self.inline:
            return "\n\n".join(edit.terraform for edit in self._inline_edits())
        parts: list[str] = []
        for attach in self._attachments():
            place = Place(kind="managed", holder=attach.arn)
            edit = SetDocument(place=place, source=attach.source, before="", after=attach.document, statement={})
            parts.extend((edit.terraform, attach.terraform))
        return "\n\n".join(parts)

    def _inline_edits(self) -> Iterator[SetDocument]:
        place = Place(kind=self.kind, holder=self.name, name=_POLICY)
        for document in self.documents:
            source = Source(layer=Layer.IDENTITY, id=_POLICY, name=_POLICY, attached_to=self.principal, inline=True)
            yield SetDocument(place=place, source=source, before="", after=json.dumps(document), statement={})

    def _attachments(self) -> Iterator[Attach]:
        account = self.principal.split(":")[4]
        for number, document in enumerate(self.documents, 1):
            arn = f"arn:aws:iam::{account}:policy/{self.name}-{_POLICY}-{number}"
            source = Source(layer=Layer.IDENTITY, id=arn, attached_to=self.principal)
            yield Attach(kind=self.kind, holder=self.name, arn=arn, source=source, document=json.dumps(document))


_POLICY = "least-privilege"


def generate(usage: Usage, account: Account, principal: str, *, threshold: int = 10) -> Generated:
    """The policy for what was used. Raises Unreadable where the principal is no user or role of the account.

    From `threshold` resources below one prefix on, the prefix stands for them.
    """
    identity = _identity(account, principal)
    kind: Literal["user", "role"] = "role" if identity.kind == "role" else "user"
    statements = tuple(_statements(usage.used, threshold))
    whole = _document(statements)
    inline = policy_size(json.dumps(whole)) <= _INLINE_MAX[kind]
    documents = (whole,) if inline and statements else tuple(_packed(statements))
    granted = frozenset(_granted(identity, account))
    return Generated(
        principal=principal,
        kind=kind,
        name=identity.name,
        documents=documents,
        inline=inline,
        usage=usage,
        uncovered=_uncovered(usage.used, documents, principal),
        granted=len(granted),
        unused=tuple(sorted(granted - usage.actions)),
    )


def _identity(account: Account, principal: str) -> Identity:
    arn = Arn.parse(principal)
    found = account.find("role" if arn.type == "role" else "user", arn.name) if arn is not None else None
    if found is None or found.arn != principal:
        raise Unreadable(f"{principal} is no user or role of account {account.id}")
    return found


def _document(statements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statements(used: Mapping[tuple[str, str], Used], threshold: int) -> Iterator[dict[str, Any]]:
    """One statement for all actions of a service that were used on the same resources under the same conditions."""
    resources: dict[tuple[str, _Conditions], set[str]] = defaultdict(set)
    for (action, resource), seen in used.items():
        resources[action, _conditions(seen)].add(resource)
    actions: dict[tuple[str, tuple[str, ...], _Conditions], list[str]] = defaultdict(list)
    for (action, conditions), found in resources.items():
        patterns = tuple(sorted(map(_literal, _generalized(found, threshold))))
        actions[action.partition(":")[0], patterns, conditions].append(action)
    numbers: dict[str, int] = defaultdict(int)
    for service, patterns, conditions in sorted(actions):
        numbers[service] += 1
        sid = re.sub(r"[^0-9A-Za-z]", "", service.title()) + str(numbers[service])
        yield _statement(sid, sorted(actions[service, patterns, conditions]), patterns, conditions)


def _statement(sid: str, actions: list[str], patterns: tuple[str, ...], conditions: _Conditions) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(patterns)}
    if conditions:
        statement["Condition"] = {"StringEquals": {key: _short(values) for key, values in conditions}}
    return statement


def _short(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _conditions(seen: Used) -> _Conditions:
    """The conditions that every call met; none where a call did without the key, or a value holds what policies read as more."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for key, values in seen.values.items():
        told = tuple(sorted(value for value in values if value is not None))
        if len(told) == len(values) and (key in _ONE_OF or len(told) == 1) and not any("${" in each for each in told):
            found.append((key, told))
    return tuple(sorted(found))


def _literal(resource: str) -> str:
    """The resource as a pattern: what would be a policy variable is not one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return resource.replace("${", "${$}{")


def _generalized(resources: set[str], threshold: int) -> set[str]:
    """The resources, those of a prefix with many as the prefix: the longest prefixes first."""
    found = set(resources)
    below: dict[str, set[str]] = defaultdict(set)
    for resource in resources:
        for prefix in _prefixes(resource):
            below[prefix].add(resource)
    for prefix in sorted(below, key=lambda each: (-each.count("/"), each)):
        inside = {each for each in found if each.startswith(prefix)} if len(below[prefix]) >= threshold else set()
        if len(inside) >= threshold:
            found = (found - inside) | {f"{prefix}*"}
    return found


def _prefixes(resource: str) -> Iterator[str]:
    """The folders that an ARN's resource lies in: for an object down to its bucket, elsewhere never all of a type."""
    arn = Arn.parse(resource)
    if arn is None:
        return
    start = len(resource) - len(arn.resource)
    if arn.service != "s3":
        start += len(arn.type) + 1
    first = resource.find("/", start + 1)
    while first >= 0:
        yield resource[: first + 1]
        first = resource.find("/", first + 1)


def _packed(statements: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The statements in as few documents as a managed policy's quota lets, in order."""
    waiting: list[Mapping[str, Any]] = []
    for statement in (piece for whole in statements for piece in _pieces(whole)):
        if waiting and policy_size(json.dumps(_document((*waiting, statement)))) > _MANAGED_MAX:
            yield _document(waiting)
            waiting = []
        waiting.append(statement)
    if waiting:
        yield _document(waiting)


def _pieces(statement: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A statement too large for a policy of its own, in halves by its longer list."""
    if policy_size(json.dumps(_document((statement,)))) <= _MANAGED_MAX:
        yield statement
        return
    member = max(("Action", "Resource"), key=lambda name: len(json.dumps(statement[name])))
    values = statement[member]
    if len(values) < 2:  # noqa: PLR2004 — one value cannot be halved
        yield statement
        return
    middle = len(values) // 2
    for half, letter in ((values[:middle], "a"), (values[middle:], "b")):
        yield from _pieces({**statement, "Sid": f"{statement['Sid']}{letter}", member: half})


def _uncovered(
    used: Mapping[tuple[str, str], Used], documents: Iterable[Mapping[str, Any]], principal: str
) -> tuple[tuple[str, str], ...]:
    """The recorded permissions that the engine finds not allowed by the documents."""
    source = Source(layer=Layer.IDENTITY, id=_POLICY)
    policies = PolicySet(identity=tuple(compile_for(json.dumps(document), source) for document in documents))
    caller = Principal(kind=PrincipalKind.USER, account=principal.split(":")[4], arn=principal, issuer_arn=principal)
    return tuple(
        (action, resource)
        for (action, resource), seen in sorted(used.items())
        for context in _contexts(seen)
        if not _allows(AccessRequest(principal=caller, action=action, resource=resource, context=context), policies)
    )


def _allows(request: AccessRequest, policies: PolicySet) -> bool:
    """Whether the identity's side grants; what a key or another account must grant besides is not its matter."""
    return bool(evaluate(request, policies).evidence.identity.allows)


def _contexts(seen: Used) -> Iterator[dict[str, ContextValue]]:
    """A context for each value that a call was seen with."""
    if not seen.values:
        yield {}
    for key, values in seen.values.items():
        for value in values:
            yield {} if value is None else {key: value}


def _granted(identity: Identity, account: Account) -> Iterator[str]:
    """Every action that an Allow of the identity or its groups names, whatever its resources and conditions."""
    groups = (account.find("group", name) for name in identity.groups)
    for holder in (identity, *(group for group in groups if group is not None)):
        texts = (*holder.inline.values(), *map(account.policy, holder.attached))
        for policy in _readable(text for text in texts if text):
            yield from _allowed_actions(policy)


def _readable(texts: Iterable[str]) -> Iterator[Policy]:
    for text in texts:
        try:
            yield compile_for(text, Source(layer=Layer.IDENTITY, id=""))
        except MalformedPolicy:
            continue


def _allowed_actions(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        if not statement.allows:
            continue
        named = (name for pattern in statement.actions for name in catalog.expand(pattern))
        if statement.not_actions:
            yield from sorted(set(catalog.expand("*")) - set(named))
        else:
            yield from named
