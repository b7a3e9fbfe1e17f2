"""From a call to the permissions it needs.

An operation of a service is compiled once into a recipe; a call then only runs it. What is not known denies: an operation
without an action raises `UnknownAction`, and a resource whose id no member tells is asked for as `type/*`, as AWS does.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trailwarden.catalog.actions import ActionFacts, ResourceType, action
from trailwarden.catalog.asking import Ask, KeyValue, Lookup, Rule, Target, Value, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.errors import UnknownAction
from trailwarden.catalog.operations import operation_row, service_facts
from trailwarden.catalog.overlay import Overlay, overlay_of
from trailwarden.catalog.passing import passed_roles
from trailwarden.catalog.rows import OperationRow, TargetRow

__all__ = ["checks_of", "filled_keys"]

_NOWHERE = "*"
_TAG_MEMBERS = ("Tags", "TagsList", "tags", "TagList")
_UNTAG_MEMBERS = ("TagKeys", "tagKeys", "TagKeyList")


def checks_of(  # noqa: PLR0913 — a call and its place
    service: str,
    operation: str,
    params: Mapping[str, Any],
    *,
    account: str,
    region: str,
    partition: str = "aws",
    lookup: Lookup | None = None,
) -> tuple[Check, ...]:
    """The permissions that a call of `service` (botocore's directory name) needs, in the order in which AWS asks for them.

    Resources are named as they would be, whether they exist or not; `lookup` (see `asking.Lookup`) tells what members
    cannot, as paths of IAM users. Members of the wrong kind are read as absent, never as an error. UnknownAction where
    the operation is not known or no action is known for it.
    """
    ask = Ask(
        service=service,
        operation=operation,
        params=params,
        account=account,
        region=region,
        partition=partition,
        lookup=lookup or _nothing,
    )
    checks = _distinct(_recipe(service, operation)(ask))
    if not checks:
        raise UnknownAction(service, operation)
    return checks


def filled_keys(service: str, operation: str) -> frozenset[str]:
    """The condition keys, in lower case, that a call's own members fill: one whose members are known lacks the others of them.

    Tag keys stand without their variable part. Empty where the operation is not known.
    """
    try:
        recipe = _recipe(service, operation)
    except UnknownAction:
        return frozenset()
    keys = recipe.keys if isinstance(recipe, _Recipe) else ()
    filled = frozenset(key.lower().partition("/$")[0] for key, _ in keys)
    return filled | {"aws:tagkeys"} if _TAGS_KEY.lower() in filled else filled


def _distinct(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks, each once; two that differ in context alone are two."""
    every = tuple(checks)
    if len(every) == 1:
        return every
    found: dict[tuple[str, str], list[Check]] = {}
    ordered: list[Check] = []
    for check in every:
        same = found.setdefault((check.action, check.resource), [])
        if check not in same:
            same.append(check)
            ordered.append(check)
    return tuple(ordered)


def _nothing(_kind: str, _name: str) -> str | None:
    return None


@lru_cache(maxsize=8192)
def _recipe(service: str, operation: str) -> Rule:
    row = operation_row(service, operation)
    if row is None:
        raise UnknownAction(service, operation)
    overlay = overlay_of(service)
    if operation in overlay.whole:
        return overlay.whole[operation]
    name = overlay.actions.get(operation, row.action)
    if not name:
        raise UnknownAction(service, operation)
    facts = action(name)
    return _Recipe(
        action=facts.name if facts else name,
        targets=_finder(row, facts, overlay),
        keys=_key_table(row, facts, overlay),
        more=overlay.more.get(operation, _no_more),
        roles=row.roles if operation not in overlay.more else (),
        tagging=row.tagging if operation not in overlay.more else "",
        source=_source(service),
        unnamed=overlay.unnamed,
        further=overlay.context,
    )


def _no_more(_ask: Ask) -> Iterable[Check]:
    return ()


def _source(service: str) -> str:
    facts = service_facts(service)
    return facts.source if facts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """How one operation's checks are made."""

    action: str
    targets: Callable[[Ask], Iterable[Target]]
    keys: tuple[tuple[str, KeyValue], ...]
    more: Rule
    roles: tuple[str, ...]
    tagging: str
    source: str
    unnamed: str | None
    further: Callable[[Ask], Mapping[str, Value]] | None

    def __call__(self, ask: Ask) -> Iterator[Check]:
        context = self.context(ask)
        targets = tuple(self.targets(ask)) or (Target(_NOWHERE, self.unnamed),)
        for target in targets:
            yield Check(action=self.action, resource=target.resource, context=context, named=target.named)
        if self.roles:
            yield from passed_roles(ask, self.roles, self.source)
        if self.tagging:
            yield from self.tagged(ask, targets[0].resource)
        yield from self.more(ask)

    def tagged(self, ask: Ask, resource: str) -> Iterator[Check]:
        """Tags on creation: EC2 names the types of what is to be tagged, elsewhere it is what is being made.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
        """
        specifications = [each for each in ask.at("TagSpecifications") if isinstance(each, Mapping)]
        for each in specifications:
            yield Check(
                action=self.tagging,
                resource=ask.arn(f"{each.get('ResourceType')}/*"),
                context={**tag_context(each.get("Tags")), "ec2:CreateAction": ask.operation},
            )
        context = _request_tags(ask)
        if context and not specifications:
            yield Check(action=self.tagging, resource=resource, context=context)

    def context(self, ask: Ask) -> dict[str, str | tuple[str, ...]]:
        """The condition keys that the members fill."""
        context: dict[str, str | tuple[str, ...]] = {}
        for key, fill in self.keys:
            if key == _TAGS_KEY:
                context |= _request_tags(ask)
                continue
            value = fill(ask)
            if value is not None:
                context[key] = value
        if self.further is not None:
            context |= self.further(ask)
        return context


_TAGS_KEY = "aws:RequestTag"


def _request_tags(ask: Ask) -> dict[str, str | tuple[str, ...]]:
    for member in (*_TAG_MEMBERS, "TagSpecifications"):
        found = tag_context(ask.params.get(member))
        if found:
            return found
    return {}


def _untagged(ask: Ask) -> tuple[str, ...] | None:
    for member in _UNTAG_MEMBERS:
        found = ask.texts(member)
        if found:
            return found
    return None


def _key_table(row: OperationRow, facts: ActionFacts | None, overlay: Overlay) -> tuple[tuple[str, KeyValue], ...]:
    """The keys that apply: those the reference lists for the action and a member or the overlay fills."""
    offered = dict.fromkeys(facts.condition_keys if facts else ())
    table: dict[str, KeyValue] = {}
    if row.untags or ("aws:TagKeys" in offered and "aws:RequestTag/${TagKey}" not in offered):
        table["aws:TagKeys"] = _untagged
    if "aws:RequestTag/${TagKey}" in offered:
        table[_TAGS_KEY] = _untagged
    for key, member in row.keys:
        table[key] = _member(member)
    table |= {key: fill for key, fill in overlay.keys.items() if key in offered}
    return tuple(table.items())


def _member(path: str) -> KeyValue:
    return lambda ask: ask.value(path)


def _finder(row: OperationRow, facts: ActionFacts | None, overlay: Overlay) -> Callable[[Ask], Iterable[Target]]:
    """How the resources are found: by the operation's own entry, by the types' entries, or by the archive's templates."""
    if row.name in overlay.targets:
        return overlay.targets[row.name]
    kinds = facts.resource_types if facts else ()
    if any(kind.name.lower() in overlay.types for kind in kinds):
        finders = [(overlay.types.get(kind.name.lower(), _none_named), kind) for kind in kinds]
        return lambda ask: _by_types(ask, finders)
    return lambda ask: _by_templates(ask, row.targets)


def _none_named(_ask: Ask) -> tuple[Target, ...]:
    return ()


def _by_types(ask: Ask, finders: Iterable[tuple[Callable[[Ask], Iterable[Target]], ResourceType]]) -> Iterator[Target]:
    for find, kind in finders:
        found = tuple(find(ask))
        if found:
            yield from found
        elif kind.required:
            yield Target(_wild(ask, kind.arn))


def _wild(ask: Ask, template: str) -> str:
    places = {"Partition": ask.partition, "Region": ask.region, "Account": ask.account}
    head, *parts = template.split("${")
    filled = [places.get(part.partition("}")[0], "*") + part.partition("}")[2] for part in parts]
    return head + "".join(filled)


def _by_templates(ask: Ask, rows: Iterable[TargetRow]) -> Iterator[Target]:
    for row in rows:
        whole = [given for member in row.whole for given in ask.texts(member) if given.startswith("arn:")]
        if whole:
            yield from (Target(given) for given in whole)
            continue
        parts = [ask.texts(member) if member else () for member in row.members]
        if row.required or any(parts):
            yield from (Target(resource) for resource in _filled(ask, row.arn, parts))


def _filled(ask: Ask, template: str, parts: list[tuple[str, ...]]) -> Iterator[str]:
    """The template for each value of a list member; other members are the same for all."""
    for index in range(max((len(part) for part in parts), default=0) or 1):
        values = [part[min(index, len(part) - 1)] if part else "*" for part in parts]
        yield template.format(*values, partition=ask.partition, region=ask.region, account=ask.account)
