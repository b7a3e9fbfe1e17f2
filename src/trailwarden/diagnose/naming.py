"""From a resource as a denial names it to its ARN.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Mapping
from typing import cast

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.diagnose.account import Account, IdentityKind

__all__ = ["resource_arn"]

_NAMED = re.compile(r"(?P<kind>user|role|group|policy|instance profile)\s+(?P<name>\S+)\Z")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_TYPES: Mapping[str, str] = {"instance profile": "instance-profile"}


def resource_arn(named: str, action: str, *, account: str, region: str, found: Account | None) -> str:
    """The ARN of the resource named: an ARN as it is, `user mateojackson`, or a bare name such as `My-Trail`.

    "*" for an action without resource types, and where the text names none.
    """
    named = named.strip().strip('"')
    if named in {"", "*"} or Arn.parse(named) is not None:
        return named or "*"
    friendly = _NAMED.match(named)
    if friendly is not None:
        return _identity(friendly["kind"], friendly["name"], account, found)
    return _bare(named, action, account=account, region=region) or named


def _identity(kind: str, name: str, account: str, found: Account | None) -> str:
    if name.startswith("arn:"):
        return name
    identity = found.find(cast("IdentityKind", kind), name) if found else None
    return identity.arn if identity else f"arn:aws:iam::{account}:{_TYPES.get(kind, kind)}/{name}"


def _bare(named: str, action: str, *, account: str, region: str) -> str | None:
    """The name put into the ARN pattern of the action's first resource type, where that wants just one name."""
    known = catalog.action(action)
    for pattern in (kind.arn for kind in known.resource_types) if known else ():
        filled = _PLACEHOLDER.sub(lambda match: _known_part(match[1], account, region), pattern)
        if len(_PLACEHOLDER.findall(filled)) == 1:
            return _PLACEHOLDER.sub(lambda _: named, filled)
    return None


def _known_part(name: str, account: str, region: str) -> str:
    return {"Partition": "aws", "Account": account, "Region": region}.get(name, f"${{{name}}}")
