"""An account's identities and policies as `aws iam get-account-authorization-details` tells them.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from trailwarden import catalog
from trailwarden.arn import Arn

__all__ = ["Account", "Identity", "IdentityKind", "policy_text", "read_account"]

IdentityKind = Literal["user", "group", "role"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user, group or role with what hangs on it.

    `inline` maps policy names to documents; `attached` lists ARNs; `boundary` is an ARN or ""; `groups` are the names of
    a user's groups; `trust` is a role's trust policy, `profiles` are the names of the instance profiles that it is in.
    """

    kind: IdentityKind
    name: str
    arn: str
    id: str = ""
    inline: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    boundary: str = ""
    groups: tuple[str, ...] = ()
    trust: str = ""
    profiles: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> str:
        """As a person says it: `user mateojackson`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The identities of an account by (kind, lower-case name), and the default versions of its managed policies by ARN."""

    id: str
    identities: Mapping[tuple[IdentityKind, str], Identity]
    policies: Mapping[str, str]

    def find(self, kind: IdentityKind, name: str) -> Identity | None:
        """The identity of that name, without regard to case."""
        return self.identities.get((kind, name.lower()))

    def policy(self, arn: str) -> str | None:
        """The default version of a managed policy, the account's own or AWS's."""
        if arn in self.policies:
            return self.policies[arn]
        known = catalog.managed_policy(arn)
        return known.document if known is not None else None


def policy_text(document: object) -> str:
    """A policy document as text: the API gives it percent-encoded, the SDKs decoded to an object."""
    if isinstance(document, str):
        return unquote(document) if document.startswith("%7B") else document
    return json.dumps(document)


def read_account(details: Mapping[str, Any], account: str = "") -> Account:
    """The account that the operation's answer (all pages joined) describes.

    KeyError, TypeError or ValueError where it is no such answer.
    """
    found = [_identity(kind, given) for kind in _KINDS for given in details.get(f"{kind.capitalize()}DetailList", ())]
    policies = {policy["Arn"]: _default(policy) for policy in details.get("Policies", ())}
    return Account(
        id=account or _account_of(identity.arn for identity in found),
        identities={(identity.kind, identity.name.lower()): identity for identity in found},
        policies=policies,
    )


def _account_of(arns: Iterable[str]) -> str:
    parsed = next((arn for arn in map(Arn.parse, arns) if arn is not None), None)
    if parsed is None:
        raise ValueError("there is no user, group or role in these account details")
    return parsed.account


_KINDS: tuple[IdentityKind, ...] = ("user", "group", "role")


def _identity(kind: IdentityKind, given: Mapping[str, Any]) -> Identity:
    """Users, groups and roles are told alike; each kind leaves out what it does not have."""
    prefix = kind.capitalize()
    return Identity(
        kind=kind,
        name=given[f"{prefix}Name"],
        arn=given["Arn"],
        id=given.get(f"{prefix}Id", ""),
        inline=_inline(given.get(f"{prefix}PolicyList", ())),
        attached=_attached(given),
        boundary=_boundary(given),
        groups=tuple(given.get("GroupList", ())),
        trust=policy_text(given.get("AssumeRolePolicyDocument", "")),
        profiles=tuple(profile["InstanceProfileName"] for profile in given.get("InstanceProfileList", ())),
        tags=_tags(given),
    )


def _inline(given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {policy["PolicyName"]: policy_text(policy["PolicyDocument"]) for policy in given}


def _attached(given: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(policy["PolicyArn"] for policy in given.get("AttachedManagedPolicies", ()))


def _boundary(given: Mapping[str, Any]) -> str:
    boundary: str = (given.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", "")
    return boundary


def _tags(given: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}


def _default(policy: Mapping[str, Any]) -> str:
    versions = policy.get("PolicyVersionList", ())
    chosen = next((version for version in versions if version.get("IsDefaultVersion")), None)
    if chosen is None:
        raise ValueError(f"{policy['Arn']} has no default version in these account details")
    return policy_text(chosen["Document"])
