"""From a policy document to a compiled policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.policy.condition import Condition, compile_condition
from trailwarden.policy.draft import Draft, DraftStatement, Malformed, read_draft
from trailwarden.policy.grammar import ANY, Grammar, MalformedPolicy
from trailwarden.policy.pattern import Patterns, compile_patterns, pieces_of
from trailwarden.policy.principals import Principals, compile_principals
from trailwarden.policy.request import Source
from trailwarden.policy.spans import NotJson, Span, read_json, statement_spans
from trailwarden.policy.statement import Policy, Statement, index_actions
from trailwarden.policy.variables import Template, parse_template

__all__ = ["compile_policy", "context_keys"]

_OLD_VERSION = "2008-10-17"
_ARN_COLONS = 5


def compile_policy(text: str | bytes | Mapping[str, Any], source: Source, *, grammar: Grammar = ANY) -> Policy:
    """The policy that `text` holds, checked by the grammar of its kind and made ready for `evaluate`.

    Raises MalformedPolicy with AWS's message and the JSON path of the fault.
    """
    written = _decoded(text, grammar) if isinstance(text, bytes) else text
    draft = _draft(written, grammar)
    refusal = grammar.refusal(written if isinstance(written, str) else "", draft)
    if refusal is not None:
        raise refusal
    spans = statement_spans(written) if isinstance(written, str) else ()
    statements = tuple(_statements(draft, spans))
    return Policy(
        source=source,
        version=draft.version or _OLD_VERSION,
        id=draft.id or "",
        statements=statements,
        versioned=draft.version is not None,
        text=written if isinstance(written, str) else "",
        index=index_actions(statements),
    )


def _decoded(text: bytes, grammar: Grammar) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise MalformedPolicy(grammar.not_json, "$") from None


def _draft(written: str | Mapping[str, Any], grammar: Grammar) -> Draft:
    try:
        document = read_json(written) if isinstance(written, str) else written
    except NotJson as error:
        raise MalformedPolicy(grammar.not_json, "$", str(error)) from None
    try:
        return read_draft(document)
    except Malformed as error:
        raise grammar.misshapen(error) from None


def _statements(draft: Draft, spans: tuple[Span, ...]) -> Iterable[Statement]:
    variables = (draft.version or _OLD_VERSION) != _OLD_VERSION
    for index, written in enumerate(draft.statements):
        span = spans[index] if index < len(spans) else None
        yield _statement(written, index, span, variables=variables)


def _statement(written: DraftStatement, index: int, span: Span | None, *, variables: bool) -> Statement:
    actions = written.action if written.action is not None else written.not_action or ()
    resources = written.resource if written.resource is not None else written.not_resource or ()
    patterns, templates = _resources(resources, variables=variables)
    if written.resource is None and written.not_resource is None:
        patterns = _EVERYTHING
    return Statement(
        index=index,
        sid=written.sid or "",
        allows=written.effect.lower() == "allow",
        actions=actions,
        not_actions=written.action is None,
        resources=resources,
        not_resources=written.not_resource is not None,
        principals=_principals(written),
        conditions=_conditions(written, variables=variables),
        span=span,
        action_patterns=compile_patterns([pieces_of(action.lower()) for action in actions]),
        resource_patterns=patterns,
        resource_templates=templates,
    )


_EVERYTHING = compile_patterns([pieces_of("*")])


def _principals(written: DraftStatement) -> Principals | None:
    if written.principal is not None:
        return compile_principals(written.principal, negated=False)
    if written.not_principal is not None:
        return compile_principals(written.not_principal, negated=True)
    return None


def _conditions(written: DraftStatement, *, variables: bool) -> tuple[Condition, ...]:
    return tuple(
        compile_condition(operator, key, values, variables=variables) for operator, key, values in written.conditions
    )


def _resources(resources: Iterable[str], *, variables: bool) -> tuple[Patterns, tuple[Template, ...]]:
    """Patterns without variables, and those with. Variables count only behind an ARN's fifth colon.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
    """
    parsed = [
        parse_template(_completed(resource), variables=variables, start=_resource_part(resource))
        for resource in resources
    ]
    static = [pieces for template in parsed if (pieces := template.static) is not None]
    return compile_patterns(static), tuple(template for template in parsed if template.static is None)


def _completed(resource: str) -> str:
    """An incomplete ARN gets wildcards in all missing fields.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if not resource.startswith("arn:"):
        return resource
    return resource + ":*" * (_ARN_COLONS - resource.count(":"))


def _resource_part(resource: str) -> int:
    """Where the part behind the fifth colon begins; the end, where there is none."""
    place = -1
    for _ in range(_ARN_COLONS):
        place = resource.find(":", place + 1)
        if place < 0:
            return len(resource)
    return place + 1


def context_keys(policy: Policy) -> tuple[str, ...]:
    """The condition keys a policy refers to, in conditions and in variables, as written, each once and sorted.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
    """
    found: dict[str, str] = {}
    for statement in policy.statements:
        for condition in statement.conditions:
            found.setdefault(condition.folded_key, condition.key)
            _add_variables(condition.templates, found)
        _add_variables(statement.resource_templates, found)
    return tuple(sorted(found.values()))


def _add_variables(templates: Iterable[Template], found: dict[str, str]) -> None:
    for template in templates:
        for variable in template.variables:
            found.setdefault(variable.key, variable.written)
