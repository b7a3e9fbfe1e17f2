"""AWS managed policies, as AWS publishes them.

Ids and descriptions are in no source: an id is derived from the ARN, so that it stays the same; a description is empty.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import msgspec

from trailwarden.catalog.archive import POLICIES
from trailwarden.catalog.rows import PolicyRow, VersionRow

__all__ = ["ManagedFacts", "ManagedVersion", "managed_policies", "managed_policy"]

_ARN = "arn:aws:iam::aws:policy"
_ID_PREFIX = "ANPA"
_ID_LENGTH = 21
_INDENT = 4


@dataclass(frozen=True, slots=True)
class ManagedVersion:
    """One version of a managed policy: when it was made, and its document as text."""

    created: float
    document: str


@dataclass(frozen=True)
class ManagedFacts:
    """An AWS managed policy. Times are seconds since the epoch; documents are read when they are asked for.

    `attachable` is false for policies that AWS has withdrawn: what has them keeps them.
    """

    row: PolicyRow

    @property
    def name(self) -> str:
        """`ReadOnlyAccess`."""
        return self.row.name

    @property
    def path(self) -> str:
        """`/`, `/service-role/`, `/job-function/`, `/aws-service-role/`."""
        return self.row.path

    @property
    def arn(self) -> str:
        """`arn:aws:iam::aws:policy/job-function/ViewOnlyAccess`."""
        return f"{_ARN}{self.row.path}{self.row.name}"

    @property
    def id(self) -> str:
        """The unique id, ANPA…."""
        digest = base64.b32encode(hashlib.sha256(self.arn.encode()).digest()).decode()
        return _ID_PREFIX + digest[: _ID_LENGTH - len(_ID_PREFIX)]

    @property
    def description(self) -> str:
        """What AWS says of it; no source tells."""
        return ""

    @property
    def default_version(self) -> str:
        """The version in force: `v3`."""
        return self.row.default

    @property
    def created(self) -> float:
        """When the policy was made."""
        return self.row.created

    @property
    def updated(self) -> float:
        """When its newest version was made."""
        return self.row.updated

    @property
    def attachable(self) -> bool:
        """Whether it can still be attached."""
        return self.row.current

    @cached_property
    def document(self) -> str:
        """The document of the default version, as JSON text."""
        return _text(self._default.document)

    @cached_property
    def versions(self) -> Mapping[str, ManagedVersion]:
        """Every version that is known, oldest first."""
        packed = POLICIES.blob(f"history/{self.row.name}")
        older = msgspec.json.decode(packed, type=list[VersionRow]) if packed else []
        return {
            version.id: ManagedVersion(version.created, _text(version.document)) for version in [*older, self._default]
        }

    @property
    def _default(self) -> VersionRow:
        packed = POLICIES.blob(f"default/{self.row.name}")
        if packed is None:
            raise LookupError(self.row.name)
        return msgspec.json.decode(packed, type=VersionRow)


def _text(packed: str) -> str:
    """A document as AWS lays it out."""
    return json.dumps(json.loads(packed), indent=_INDENT, ensure_ascii=False)


@lru_cache(maxsize=1)
def _listing() -> Mapping[str, ManagedFacts]:
    packed = POLICIES.blob("listing")
    rows = msgspec.json.decode(packed, type=list[PolicyRow]) if packed else []
    return {facts.arn: facts for facts in map(ManagedFacts, rows)}


def managed_policies() -> Sequence[ManagedFacts]:
    """Every policy that can be attached, in order of name; their documents are not read before they are asked for."""
    return tuple(facts for facts in _listing().values() if facts.attachable)


def managed_policy(arn: str) -> ManagedFacts | None:
    """The policy of that ARN, withdrawn ones too; None where AWS has none. The partition is of no account."""
    return _listing().get(_ARN + arn.partition(":iam::aws:policy")[2]) if ":iam::aws:policy/" in arn else None
