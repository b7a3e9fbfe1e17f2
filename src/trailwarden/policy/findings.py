"""What is doubtful in a policy that is well-formed: the commonest checks of Access Analyzer, in its words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html

What actions there are is told by the caller, so that the engine stays pure; `trailwarden.catalog` knows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from trailwarden.policy.overlap import overlap
from trailwarden.policy.pattern import compile_patterns, pieces_of
from trailwarden.policy.spans import Span
from trailwarden.policy.statement import Policy, Statement
from trailwarden.policy.value import dataclass

__all__ = ["ActionFacts", "Facts", "Finding", "FindingType", "ResourceFacts", "findings"]

_ACTIONS_MAX, _PAIRS_MAX = 2_000, 5_000
"""Actions, and pairs of an action and a resource, up to which patterns are compared with patterns and with all actions.

Policies within AWS's own limits have fewer.
"""


class ResourceFacts(Protocol):
    """A resource type of an action."""

    @property
    def arn(self) -> str:
        """Its ARN, with `${Account}` and the like."""
        ...


class ActionFacts(Protocol):
    """An action of AWS."""

    @property
    def name(self) -> str:
        """`cloudtrail:GetTrailStatus`."""
        ...

    @property
    def resource_types(self) -> Sequence[ResourceFacts]:
        """None where the action cannot be restricted to resources."""
        ...


class Facts(Protocol):
    """What actions there are. `trailwarden.catalog` is one."""

    def prefixes(self) -> Sequence[str]:
        """Every service prefix."""
        ...

    def actions(self, prefix: str, /) -> Sequence[ActionFacts]:
        """All actions of a prefix."""
        ...

    def action(self, name: str, /) -> ActionFacts | None:
        """The action `service:Action`, in any case."""
        ...


class FindingType(StrEnum):
    """How grave a finding is, as ValidatePolicy spells it."""

    ERROR = "ERROR"
    SECURITY_WARNING = "SECURITY_WARNING"
    WARNING = "WARNING"
    SUGGESTION = "SUGGESTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding: AWS's issue code and text, and the path in the document (`("Statement", 0, "Action", 2)`).

    `span` is the statement's, None for the whole document or one that came as a mapping.
    """

    type: FindingType
    code: str
    text: str
    path: tuple[str | int, ...]
    span: Span | None = None

    @property
    def learn_more(self) -> str:
        """AWS's page about it."""
        kind = "general-warning" if self.type is FindingType.WARNING else self.type.lower().replace("_", "-")
        return f"{_PAGE}#access-analyzer-reference-policy-checks-{kind}-{self.code.lower().replace('_', '-')}"


_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"

_Raw = tuple[FindingType, str, str, tuple[str | int, ...]]
_Check = Callable[[Statement, Facts], Iterator[_Raw]]


def findings(policy: Policy, facts: Facts) -> tuple[Finding, ...]:
    """Everything doubtful, statement by statement in the document's order; what concerns the whole comes first."""
    found = [Finding(type=kind, code=code, text=text, path=path) for kind, code, text, path in _of_whole(policy)]
    checks = _CHECKS if _small(policy) else _QUICK_CHECKS
    for statement in policy.statements:
        for check in checks:
            found += [
                Finding(
                    type=kind, code=code, text=text, path=("Statement", statement.index, *path), span=statement.span
                )
                for kind, code, text, path in check(statement, facts)
            ]
    return tuple(found)


def _small(policy: Policy) -> bool:
    counted = [(len(statement.actions), len(statement.resources)) for statement in policy.statements]
    actions, pairs = sum(one for one, _ in counted), sum(one * other for one, other in counted)
    return actions <= _ACTIONS_MAX and pairs <= _PAIRS_MAX


def _of_whole(policy: Policy) -> Iterator[_Raw]:
    if not policy.versioned:
        text = "We recommend that you specify the Version element to help you with debugging permission issues."
        yield FindingType.WARNING, "MISSING_VERSION", text, ()
    seen: set[object] = set()
    for statement in policy.statements:
        key = _meaning(statement)
        if key in seen:
            text = (
                "The statements are redundant because they provide identical permissions. Update the policy to remove the "
                "redundant statement."
            )
            yield FindingType.SUGGESTION, "REDUNDANT_STATEMENT", text, ("Statement", statement.index)
        seen.add(key)


def _meaning(statement: Statement) -> object:
    conditions = ((each.operator.lower(), each.folded_key, frozenset(each.values)) for each in statement.conditions)
    return (
        statement.allows, statement.not_actions, frozenset(action.lower() for action in statement.actions),
        statement.not_resources, frozenset(statement.resources), statement.principals, frozenset(conditions),
    )  # fmt: skip


def _element(name: str, *, negated: bool) -> str:
    return f"Not{name}" if negated else name


def _empty_elements(statement: Statement, _facts: Facts) -> Iterator[_Raw]:
    """Elements that are missing, or lists without members."""
    if not statement.actions and statement.not_actions:
        yield FindingType.ERROR, "MISSING_ACTION", "Add an Action or NotAction element to the policy statement.", ()
    elif not statement.actions:
        text = "This statement includes no actions and does not affect the policy. Specify actions."
        yield FindingType.SUGGESTION, "EMPTY_ARRAY_ACTION", text, ("Action",)
    if not statement.resources and not statement.resource_patterns.everything:
        text = "This statement includes no resources and does not affect the policy. Specify resources."
        element = _element("Resource", negated=statement.not_resources)
        yield FindingType.SUGGESTION, "EMPTY_ARRAY_RESOURCE", text, (element,)
    elif not statement.resources and statement.principals is None:
        text = "Add a Resource or NotResource element to the policy statement."
        yield FindingType.ERROR, "MISSING_RESOURCE", text, ()
    for condition in statement.conditions:
        if not condition.values:
            text = (
                f"There are no values for the condition key {condition.key} and it does not affect the policy. Specify "
                "conditions."
            )
            path = ("Condition", condition.operator, condition.key)
            yield FindingType.SUGGESTION, "EMPTY_ARRAY_CONDITION", text, path


def _unknown_actions(statement: Statement, facts: Facts) -> Iterator[_Raw]:
    """Actions, also with wildcards, that AWS has none of."""
    known = frozenset(facts.prefixes())
    element = _element("Action", negated=statement.not_actions)
    for index, action in enumerate(statement.actions):
        service, colon, _ = action.lower().partition(":")
        if not colon or "*" in service or "?" in service:
            continue
        path = (element, index)
        if service not in known:
            text = f"The service {service} specified in the action does not exist."
            yield FindingType.ERROR, "INVALID_SERVICE_IN_ACTION", text, path
        elif not _exists(action, service, facts):
            yield FindingType.ERROR, "INVALID_ACTION", f"The action {action} does not exist.", path


def _exists(action: str, service: str, facts: Facts) -> bool:
    if facts.action(action) is not None:
        return True
    patterns = compile_patterns([pieces_of(action.lower())])
    return any(patterns.match(each.name.lower()) for each in facts.actions(service))


def _vain_actions(statement: Statement, facts: Facts) -> Iterator[_Raw]:
    """Actions that none of the statement's resources can be meant for, such as DescribeTrails on a trail's ARN.

    ValidatePolicy is silent here; the console's policy summaries say it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_policies.html#unrecognized-services-actions
    """
    if statement.not_actions or statement.not_resources or not statement.resources:
        return
    if statement.resource_patterns.everything:
        return
    for index, action in enumerate(statement.actions):
        known = facts.action(action)
        if known is None:
            continue
        if not known.resource_types:
            text = f"The action {known.name} does not support resource-level permissions. Specify * as the resource."
            yield FindingType.WARNING, "ACTION_WITHOUT_RESOURCES", text, ("Action", index)
        elif not any(overlap(kind.arn, each) for kind in known.resource_types for each in statement.resources):
            text = f"The action {known.name} does not apply to any resource of this statement."
            yield FindingType.WARNING, "ACTION_WITHOUT_RESOURCE_TYPE", text, ("Action", index)


_PASS_ROLE = "iam:passrole"  # noqa: S105 — an action


def _pass_role(statement: Statement, _facts: Facts) -> Iterator[_Raw]:
    """PassRole for all roles, to any service."""
    if not statement.allows or statement.not_actions or statement.not_resources:
        return
    if any(each.folded_key == "iam:passedtoservice" for each in statement.conditions):
        return
    wide = [each for each in statement.resources if not each.strip("*") or each.endswith(":role/*")]
    matching = [(index, each) for index, each in enumerate(statement.actions) if _takes_in(each, _PASS_ROLE)]
    if not wide or not matching:
        return
    index, action = matching[0]
    told = "iam:PassRole permissions on {} resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement."
    if action.lower() == _PASS_ROLE:
        text = "Using the iam:PassRole action with wildcards (*) in the resource can be overly permissive because it allows "
        yield FindingType.SECURITY_WARNING, "PASS_ROLE_WITH_STAR_IN_RESOURCE", text + told.format("multiple"), ("Action", index)  # fmt: skip
    else:
        text = "Using wildcards (*) in the action and the resource can be overly permissive because it allows "
        yield FindingType.SECURITY_WARNING, "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", text + told.format("all"), ("Action", index)  # fmt: skip


def _takes_in(pattern: str, action: str) -> bool:
    return compile_patterns([pieces_of(pattern.lower())]).match(action)


def _not_principal(statement: Statement, _facts: Facts) -> Iterator[_Raw]:
    """Everybody but a few is let in."""
    if statement.allows and statement.principals is not None and statement.principals.negated:
        text = "Using Allow with NotPrincipal can be overly permissive. We recommend that you use Principal instead."
        yield FindingType.SECURITY_WARNING, "ALLOW_WITH_NOT_PRINCIPAL", text, ("NotPrincipal",)


def _redundant(statement: Statement, _facts: Facts) -> Iterator[_Raw]:
    """Actions and resources that another of the same statement takes in."""
    for name, written, negated in (
        ("action", [each.lower() for each in statement.actions], statement.not_actions),
        ("resource", list(statement.resources), statement.not_resources),
    ):
        covered = list(_covered(written))
        if covered:
            shown = (statement.actions if name == "action" else statement.resources)[covered[0]]
            text = (
                f"The {len(covered)} {name}(s) are redundant because they provide similar permissions. Update the policy to "
                f"remove the redundant {name} such as: {shown}."
            )
            path = (_element(name.capitalize(), negated=negated), covered[0])
            yield FindingType.SUGGESTION, f"REDUNDANT_{name.upper()}", text, path


def _covered(written: Sequence[str]) -> Iterator[int]:
    """The places of patterns that an earlier one equals or another one with `*` takes in."""
    first: dict[str, int] = {}
    for index, each in enumerate(written):
        first.setdefault(each, index)
    wide = list(_wide(first))
    for index, each in enumerate(written):
        if first[each] < index or any(other != each and matches(each) for other, matches in wide):
            yield index


def _wide(written: Iterable[str]) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """The patterns that can take others in. `?` is left aside: it does not take `*` in, which is matched as a letter."""
    for each in written:
        if "*" in each and "?" not in each and "${" not in each:
            yield each, compile_patterns([pieces_of(each)]).match


_DEPRECATED = {"aws:arn": ("aws:ARN", "aws:PrincipalArn")}


def _deprecated_keys(statement: Statement, _facts: Facts) -> Iterator[_Raw]:
    """Global condition keys that have a successor."""
    for condition in statement.conditions:
        names = _DEPRECATED.get(condition.folded_key)
        if names is not None:
            text = f"We recommend that you update {names[0]} to use the newer condition key {names[1]}."
            path = ("Condition", condition.operator, condition.key)
            yield FindingType.WARNING, "DEPRECATED_GLOBAL_CONDITION_KEY", text, path


_QUICK_CHECKS: tuple[_Check, ...] = (_empty_elements, _pass_role, _not_principal, _deprecated_keys)
_CHECKS = (*_QUICK_CHECKS, _unknown_actions, _vain_actions, _redundant)
