"""The context of a request that is only partly known: what an event or an identity tells, and for the rest UNKNOWN.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden import catalog
from trailwarden.diagnose.account import Identity
from trailwarden.policy import UNKNOWN, Context, ContextValue

__all__ = ["Supposed", "event_context", "identity_context", "possible_keys", "settled_by_event"]

_ABSENT_UNLESS_TOLD = (
    "aws:viaawsservice",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
)
"""Keys of calls that a service makes; a person's own call has none of them."""


class Supposed(Context):
    """A context in which a key that nobody told, but that the action can carry, is UNKNOWN."""

    __slots__ = ("_possible", "_settled")

    def __init__(
        self, entries: Mapping[str, ContextValue], possible: frozenset[str], settled: frozenset[str] = frozenset()
    ) -> None:
        super().__init__({key.lower(): value for key, value in entries.items()})
        self._possible = possible
        self._settled = settled

    def value(self, key: str) -> ContextValue | None:
        """The value told; else UNKNOWN for a key that the request may have carried; else None."""
        found = super().value(key)
        if found is not None:
            return found
        return UNKNOWN if self._may_be_there(key) else None

    def _may_be_there(self, key: str) -> bool:
        if key in _ABSENT_UNLESS_TOLD or key.startswith("aws:principal"):
            return False
        family = key.partition("/")[0]
        if key in self._settled or family in self._settled:
            return False
        if family in {"aws:requesttag", "aws:tagkeys", "aws:resourcetag"} or not key.startswith("aws:"):
            return family in self._possible
        return True


def possible_keys(action: str) -> frozenset[str]:
    """The condition keys of an action, in lower case, without the variable part of tag keys."""
    return frozenset(key.lower().partition("/")[0] for key in catalog.condition_keys(action))


def identity_context(identity: Identity | None) -> dict[str, ContextValue]:
    """What the caller's own identity tells."""
    if identity is None:
        return {}
    tags: dict[str, ContextValue] = {f"aws:PrincipalTag/{key}": value for key, value in identity.tags.items()}
    return {**tags, **({"aws:username": identity.name} if identity.kind == "user" else {})}


def event_context(event: Mapping[str, Any]) -> dict[str, ContextValue]:
    """What a CloudTrail event tells of its request."""
    identity = event.get("userIdentity")
    session = identity.get("sessionContext") if isinstance(identity, Mapping) else None
    attributes = session.get("attributes") if isinstance(session, Mapping) else None
    attributes = attributes if isinstance(attributes, Mapping) else {}
    told = {
        "aws:SourceIp": _address(event.get("sourceIPAddress")),
        "aws:UserAgent": event.get("userAgent"),
        "aws:CurrentTime": event.get("eventTime"),
        "aws:RequestedRegion": event.get("awsRegion"),
        "aws:SourceVpce": event.get("vpcEndpointId"),
        "aws:TokenIssueTime": attributes.get("creationDate"),
        "aws:MultiFactorAuthPresent": attributes.get("mfaAuthenticated"),
    }
    return {key: value for key, value in told.items() if isinstance(value, str) and value}


_MFA = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
_LONG_TERM = "AKIA"


def settled_by_event(event: Mapping[str, Any]) -> frozenset[str]:
    """The keys that the event's credentials cannot carry: access keys of a user never tell of MFA.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    identity = event.get("userIdentity")
    key = identity.get("accessKeyId") if isinstance(identity, Mapping) else None
    return _MFA if isinstance(key, str) and key.startswith(_LONG_TERM) else frozenset()


def _address(value: object) -> str | None:
    """An address; a service's name stands there when a service made the call."""
    return value if isinstance(value, str) and value[:1].isalnum() and not value.endswith(".amazonaws.com") else None
