"""A decision as JSON that holds everything it was made of, so that it can be made again without the account.

The same record feeds the events, the decodable authorization message, GetRequestAuthorizationDetails and diagnosis.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.auth.stages import Judged
from trailwarden.catalog.checks import Check
from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    Block,
    ContextValue,
    Decision,
    Found,
    Policy,
    PolicySet,
    Principal,
    Source,
    compile_policy,
    evaluate,
)

__all__ = ["Kept", "decided_body", "encoded_message", "read_decided"]

_FORMAT = 1

_Context = dict[str, str | tuple[str, ...] | None]
"""None stands for a value that is not known."""


class _Document(msgspec.Struct, frozen=True):
    """A policy as it stood."""

    source: Source
    text: str


class _Documents(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy set as it stood."""

    identity: tuple[_Document, ...] = ()
    boundary: tuple[_Document, ...] | None = None
    session: tuple[_Document, ...] | None = None
    scoped: tuple[tuple[_Document, ...], ...] = ()
    scps: tuple[tuple[_Document, ...], ...] = ()
    rcps: tuple[tuple[_Document, ...], ...] = ()
    endpoint: tuple[_Document, ...] | None = None
    resource: tuple[_Document, ...] = ()
    trust: tuple[_Document, ...] = ()


class _Matched(msgspec.Struct, frozen=True, omit_defaults=True):
    policy: str
    attached_to: str
    statement: int
    sid: str = ""


class _Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    layer: str
    explicit: bool
    level: int | None = None
    statements: tuple[_Matched, ...] = ()


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    format: int
    operation: str = ""
    message: str = ""
    action: str
    resource: str
    asked: str
    named: str | None = ""
    check_context: dict[str, str | tuple[str, ...]] = {}
    principal: Principal
    resource_account: str = ""
    resource_in_management_account: bool = False
    resource_aws_managed: bool = False
    context: _Context
    policies: _Documents
    effect: str
    reasons: tuple[_Reason, ...] = ()


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A kept decision, ready to be evaluated again, as it was or with other policies.

    `operation` is `service:Operation` of the call, `message` the text that the caller read; "" where none was kept.
    `effect` is what was decided then.
    """

    check: Check
    request: AccessRequest
    policies: PolicySet
    effect: str
    operation: str = ""
    message: str = ""

    @property
    def decision(self) -> Decision:
        """The decision, made again."""
        return evaluate(self.request, self.policies)


def decided_body(judged: Judged, *, operation: str = "", message: str = "") -> bytes:
    """The decision as JSON, for `Decided.body`."""
    request, policies = judged.request, judged.policies
    record = _Record(
        format=_FORMAT,
        operation=operation,
        message=message,
        action=judged.check.action,
        resource=judged.check.resource,
        asked=request.resource,
        named=judged.check.named,
        check_context=dict(judged.check.context),
        principal=request.principal,
        resource_account=request.resource_account,
        resource_in_management_account=request.resource_in_management_account,
        resource_aws_managed=request.resource_aws_managed,
        context={key: None if value is UNKNOWN else value for key, value in request.context.items()},
        policies=_written(policies),
        effect=judged.decision.effect.value,
        reasons=tuple(map(_reason, (*judged.decision.blocks, *judged.decision.doubtful))),
    )
    return msgspec.json.encode(record)


def read_decided(body: bytes) -> Kept:
    """What `decided_body` wrote. Raises ValueError where it is something else."""
    try:
        record = msgspec.json.decode(body, type=_Record)
    except msgspec.DecodeError as error:
        raise ValueError("not a kept decision") from error
    if record.format != _FORMAT:
        raise ValueError(f"a kept decision of format {record.format} cannot be read")
    request = AccessRequest(
        principal=record.principal,
        action=record.action,
        resource=record.asked,
        resource_account=record.resource_account,
        context={key: UNKNOWN if value is None else value for key, value in record.context.items()},
        resource_in_management_account=record.resource_in_management_account,
        resource_aws_managed=record.resource_aws_managed,
    )
    return Kept(
        check=Check(action=record.action, resource=record.resource, context=record.check_context, named=record.named),
        request=request,
        policies=_compiled(record.policies),
        effect=record.effect,
        operation=record.operation,
        message=record.message,
    )


def _written(policies: PolicySet) -> _Documents:
    return _Documents(
        identity=_texts(policies.identity),
        boundary=None if policies.boundary is None else _texts(policies.boundary),
        session=None if policies.session is None else _texts(policies.session),
        scoped=tuple(map(_texts, policies.scoped)),
        scps=tuple(map(_texts, policies.scps)),
        rcps=tuple(map(_texts, policies.rcps)),
        endpoint=None if policies.endpoint is None else _texts(policies.endpoint),
        resource=_texts(policies.resource),
        trust=_texts(policies.trust),
    )


def _texts(policies: Iterable[Policy]) -> tuple[_Document, ...]:
    return tuple(_Document(policy.source, policy.text) for policy in policies)


def _compiled(documents: _Documents) -> PolicySet:
    return PolicySet(
        identity=_policies(documents.identity),
        boundary=None if documents.boundary is None else _policies(documents.boundary),
        session=None if documents.session is None else _policies(documents.session),
        scoped=tuple(map(_policies, documents.scoped)),
        scps=tuple(map(_policies, documents.scps)),
        rcps=tuple(map(_policies, documents.rcps)),
        endpoint=None if documents.endpoint is None else _policies(documents.endpoint),
        resource=_policies(documents.resource),
        trust=_policies(documents.trust),
    )


def _policies(documents: Iterable[_Document]) -> tuple[Policy, ...]:
    return tuple(compile_policy(document.text, document.source) for document in documents)


def _reason(block: Block) -> _Reason:
    return _Reason(block.layer.value, block.explicit, block.level, tuple(map(_matched, block.statements)))


def _matched(found: Found) -> _Matched:
    source = found.policy.source
    return _Matched(source.id, source.attached_to, found.statement.index, found.statement.sid)


def encoded_message(judged: Judged) -> bytes:
    """The payload of an encoded authorization message, as sts:DecodeAuthorizationMessage shows it.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    decision, request = judged.decision, judged.request
    first = decision.first
    statements = first.statements if first is not None and first.explicit else ()
    principal: dict[str, Any] = {"id": request.principal.unique_id, "arn": request.principal.arn}
    name = request.context.get("aws:username")
    if name:
        principal = {"id": request.principal.unique_id, "name": name, "arn": request.principal.arn}
    return msgspec.json.encode(
        {
            "allowed": decision.allowed,
            "explicitDeny": bool(statements),
            "matchedStatements": _items(map(_statement_shown, statements)),
            "failures": _items(()),
            "context": {
                "principal": principal,
                "action": request.action,
                "resource": request.resource,
                "conditions": _items(
                    {"key": key, "values": _values(value)} for key, value in sorted(request.context.items())
                ),
            },
        }
    )


def _statement_shown(found: Found) -> Mapping[str, Any]:
    statement = found.statement
    principals = statement.principals.written if statement.principals is not None else ()
    return {
        "statementId": statement.sid,
        "effect": statement.effect.upper(),
        "principals": _items({"value": value} for _, value in principals),
        "principalGroups": _items(()),
        "actions": _items({"value": action} for action in statement.actions),
        "resources": _items({"value": resource} for resource in statement.resources),
        "conditions": _items(
            {"key": condition.key, "values": _values(condition.values)} for condition in statement.conditions
        ),
    }


def _values(value: ContextValue) -> Mapping[str, Any]:
    values = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    return _items({"value": each} for each in values)


def _items(found: Iterable[object]) -> Mapping[str, Any]:
    return {"items": list(found)}
