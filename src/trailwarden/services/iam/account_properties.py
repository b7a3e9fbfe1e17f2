"""Account properties: settings of the account by namespace.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutAccountProperties.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["get_account_properties", "put_account_properties"]

_MOST = 100
_LONGEST = 1_024


class AccountProperties(msgspec.Struct, frozen=True, kw_only=True):
    """The properties that were set. Key: (account, "", account)."""

    values: dict[str, str] = {}


ACCOUNT_PROPERTIES = Kind("iam.account-properties", AccountProperties)


@operation("iam:GetAccountProperties")
def get_account_properties(call: Call, world: World) -> Mapping[str, Any]:
    """Show the properties that were set.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountProperties.html
    """
    return {"Properties": _properties(call, world)}


@operation("iam:PutAccountProperties")
def put_account_properties(call: Call, world: World) -> Mapping[str, Any]:
    """Set properties of one namespace; the others stay.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutAccountProperties.html
    """
    given: Mapping[str, str] = call.params["Properties"]
    namespaces = {_namespace(name) for name in given}
    if len(namespaces) != 1:
        raise InvalidInput(reason="All properties in a request must belong to one namespace.")
    values = {**_properties(call, world), **given}
    if len(values) > _MOST or any(len(text) > _LONGEST for pair in values.items() for text in pair):
        raise InvalidInput(reason="There are too many properties, or one is too long.")
    world.put(ACCOUNT_PROPERTIES, call.account, "", call.account, AccountProperties(values=values))
    return {}


def _properties(call: Call, world: World) -> dict[str, str]:
    found = world.find(ACCOUNT_PROPERTIES, call.account, "", call.account)
    return {} if found is None else dict(found.values)


def _namespace(name: str) -> str:
    parts = name.split("/")
    if len(parts) != 2 or not all(parts):  # noqa: PLR2004 — namespace and name
        raise InvalidInput(reason=f"The property {name} is not of the form Namespace/PropertyName.")
    return parts[0]
