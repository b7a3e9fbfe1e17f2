"""One call as the catalog sees it, and the small functions that read resources and condition keys out of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.catalog.checks import Check

__all__ = ["Ask", "KeyValue", "Lookup", "Resolver", "Rule", "Target", "Value", "tag_context", "written"]

Lookup = Callable[[str, str], str | None]
"""Asks what only stored state tells: `(kind, name)` → value, None for what does not exist or a kind it does not know.

    caller                       ""         → ARN of the calling IAM user (for operations that default to the caller)
    iam.user, iam.role, iam.group, iam.instance-profile, iam.server-certificate
                                 its name   → its ARN (names say nothing of the path)
    iam.user.boundary, iam.role.boundary                  its name → ARN of its permissions boundary
    iam.access-key               key id     → ARN of its user
    iam.instance-profile.role    its name    → ARN of the role in it
    organizations.organization   account    → ARN of its organization
    organizations.entity         target id  → ARN of the account, root, organizational unit, policy or handshake
    config.rule, config.recorder, config.aggregator, config.conformance-pack, config.stored-query, config.organization-rule,
    config.organization-pack, config.remediation, config.connector   its name → its ARN, whose id the service made
    cloudtrail.query             query id   → ARN of its event data store
    kms.alias                    alias/name or alias ARN → ARN of its key
    kms.ciphertext               Base64     → ARN of the key that a ciphertext names
    kms.grant-token              token      → ARN of the key that a grant token is for
"""

Value = str | tuple[str, ...]


class Target(msgspec.Struct, frozen=True):
    """A resource that a call names, and how a denial names it (see `Check.named`)."""

    resource: str
    named: str | None = ""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """The call: service and operation of the model, its input members, and where it is made."""

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    partition: str
    lookup: Lookup

    def text(self, member: str) -> str:
        """A member as text, "" where absent or of another kind."""
        value = self.params.get(member)
        return value if isinstance(value, str) else ""

    def value(self, path: str) -> Value | None:
        """The members at a path (`Tags[].Key`, `Target.Arn`) as a condition key's value; None where there are none."""
        if self.params.get(path) is None and "." not in path and "[" not in path:
            return None
        found = [text for text in map(written, self.at(path)) if text is not None]
        if "[]" in path:
            return tuple(found) or None
        return found[0] if len(found) == 1 else tuple(found) or None

    def texts(self, path: str) -> tuple[str, ...]:
        """The texts at a path; lists of texts are opened."""
        plain = self.params.get(path)
        if plain is None and "." not in path and "[" not in path:
            return ()
        if isinstance(plain, str):
            return (plain,) if plain else ()
        return tuple(found for found in self.at(path) if isinstance(found, str) and found)

    def at(self, path: str) -> Iterator[Any]:
        """Whatever lies at a path; a list at its end is opened."""
        found: list[Any] = [self.params]
        for step in path.split("."):
            name, _, several = step.partition("[")
            found = [part[name] for part in found if isinstance(part, Mapping) and part.get(name) is not None]
            if several:
                found = [item for part in found if isinstance(part, Sequence) for item in part]
        for part in found:
            if isinstance(part, (list, tuple)):
                yield from part
            else:
                yield part

    def arn(self, resource: str, *, service: str = "", region: str | None = None, account: str | None = None) -> str:
        """An ARN of this call's account and region, unless told otherwise."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service or self.service}:{region}:{account}:{resource}"

    def named(self, member: str, template: str, *, service: str = "") -> tuple[Target, ...]:
        """The resources a member names by name or by ARN; `template` has `{}` for the name. Empty where the member is absent."""
        return tuple(
            Target(given if given.startswith("arn:") else self.arn(template.format(given), service=service))
            for given in self.texts(member)
        )


Resolver = Callable[[Ask], Iterable[Target]]
"""The resources of one type that a call names."""

KeyValue = Callable[[Ask], "Value | None"]
"""A condition key's value, None where the call does not fill it."""

Rule = Callable[[Ask], Iterable[Check]]
"""Checks of a call, in AWS's order."""


def written(value: object) -> str | None:
    """A member as a condition key's text: booleans "true"/"false", times ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value) if isinstance(value, (str, int, float)) else None


def tag_context(tags: object) -> dict[str, Value]:
    """aws:RequestTag/… and aws:TagKeys of a tags member, a map or a list of key and value in either case."""
    pairs = dict(_pairs(tags))
    if not pairs:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in pairs.items()}, "aws:TagKeys": tuple(pairs)}


def _pairs(tags: object) -> Iterator[tuple[str, str]]:
    if isinstance(tags, Mapping):
        yield from ((str(key), str(value)) for key, value in tags.items())
        return
    for tag in tags if isinstance(tags, (list, tuple)) else ():
        if isinstance(tag, Mapping):
            if "Tags" in tag:
                yield from _pairs(tag["Tags"])
            key = _first(tag, ("Key", "key", "TagKey"))
            if key:
                yield key, _first(tag, ("Value", "value", "TagValue"))


def _first(tag: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(tag[name]) for name in names if tag.get(name) is not None), "")
