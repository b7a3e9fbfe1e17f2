"""Principals in stored policies: users and roles are kept by unique id, and shown by ARN as long as they exist.

So a role that is deleted and made again under its old name is not the principal that was trusted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
"""

import json
import re
from collections.abc import Callable
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.identities import ACCOUNT, ROLE, USER, Role, User
from trailwarden.services.iam.errors import MalformedPolicyDocument
from trailwarden.services.iam.finding import UNIQUE_ID
from trailwarden.services.world import World

__all__ = ["InvalidPrincipal", "with_arns", "with_unique_ids"]

_UNIQUE_ID = re.compile(r"A(?:ID|RO)A[A-Z2-7]{17}\Z")
_ACCOUNT_ID = re.compile(r"[0-9]{12}\Z")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)\Z")
_KEPT_IDS = ('"AIDA', '"AROA')


class InvalidPrincipal(MalformedPolicyDocument):
    """A principal that does not exist, or is of no kind that may be one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
    """

    message = 'Invalid principal in policy: "{kind}":"{name}"'


def with_unique_ids(world: World, document: str) -> str:
    """The document with existing users and roles by unique id; InvalidPrincipal for one that does not exist.

    Principals of accounts that this server does not hold are taken as they are.
    """
    return _rewritten(document, lambda kind, name: _kept(world, kind, name))


def with_arns(world: World, document: str) -> str:
    """The document with unique ids of existing users and roles as their ARNs; ids of the gone stay ids."""
    if not any(mark in document for mark in _KEPT_IDS):
        return document
    return _rewritten(document, lambda _, name: _shown(world, name))


def _rewritten(document: str, change: Callable[[str, str], str]) -> str:
    policy = json.loads(document)
    statements = policy["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(element), dict):
                statement[element] = {kind: _names(kind, names, change) for kind, names in statement[element].items()}
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def _names(kind: str, names: Any, change: Callable[[str, str], str]) -> Any:
    return change(kind, names) if isinstance(names, str) else [change(kind, name) for name in names]


def _kept(world: World, kind: str, name: str) -> str:
    if kind == "AWS":
        return _kept_aws(world, name)
    if kind == "Service" and not _SERVICE.match(name):
        raise InvalidPrincipal(kind="SERVICE", name=name)
    return name


def _kept_aws(world: World, name: str) -> str:
    if name == "*":
        return name
    if _ACCOUNT_ID.match(name):
        return f"arn:aws:iam::{name}:root"
    if _UNIQUE_ID.match(name):
        if world.find(UNIQUE_ID, "", "", name) is None:
            raise InvalidPrincipal(kind="AWS", name=name)
        return name
    arn = Arn.parse(name)
    if arn is None or arn.service not in _KINDS or not _ACCOUNT_ID.match(arn.account):
        raise InvalidPrincipal(kind="AWS", name=name)
    if arn.resource == "root":
        return name
    if arn.type not in _KINDS[arn.service] or "*" in arn.resource:
        raise InvalidPrincipal(kind="AWS", name=name)
    return _existing(world, arn, name)


_KINDS = {"iam": ("user", "role"), "sts": ("assumed-role", "federated-user")}


def _existing(world: World, arn: Arn, name: str) -> str:
    """The unique id of the user or role, the ARN itself for sessions and for accounts we do not hold."""
    if arn.service == "sts" or world.find(ACCOUNT, arn.account, "", arn.account) is None:
        return name
    found = _entity(world, arn)
    if found is None or found.arn != name:
        raise InvalidPrincipal(kind="AWS", name=name)
    return found.id


def _entity(world: World, arn: Arn) -> User | Role | None:
    name = arn.name.lower()
    if arn.type == "user":
        return world.find(USER, arn.account, "", name)
    return world.find(ROLE, arn.account, "", name)


def _shown(world: World, name: str) -> str:
    if not _UNIQUE_ID.match(name):
        return name
    found = world.find(UNIQUE_ID, "", "", name)
    return found.arn if found else name
