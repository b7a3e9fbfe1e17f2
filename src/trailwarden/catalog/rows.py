"""The rows of the built facts, as they lie in the archives: positional, so that they are small and quick to read."""

from collections.abc import Mapping

import msgspec

__all__ = [
    "ActionRow",
    "OperationRow",
    "PolicyRow",
    "PrefixBlob",
    "ResourceRow",
    "ServiceBlob",
    "TargetRow",
    "TypeRow",
    "VersionRow",
]


class ResourceRow(msgspec.Struct, frozen=True, array_like=True):
    """A resource type that an action applies to."""

    type: str
    required: bool
    keys: tuple[str, ...] = ()


class ActionRow(msgspec.Struct, frozen=True, array_like=True):
    """One action of the service authorization reference."""

    name: str
    level: str
    resources: tuple[ResourceRow, ...] = ()
    keys: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()


class TypeRow(msgspec.Struct, frozen=True, array_like=True):
    """A resource type: its ARN with `${…}` variables, its condition keys."""

    arn: str
    keys: tuple[str, ...] = ()


class PrefixBlob(msgspec.Struct, frozen=True, array_like=True):
    """All about one action prefix. `keys` maps condition keys to their types."""

    actions: tuple[ActionRow, ...]
    types: Mapping[str, TypeRow]
    keys: Mapping[str, str]


class TargetRow(msgspec.Struct, frozen=True, array_like=True):
    """How an operation names a resource of one type.

    `arn` is a template over `{partition}`, `{region}`, `{account}` and numbered members; `members` fill the numbers
    ("" where no member does: `*`); `whole` are members that may hold the ARN itself; `required` as in the reference.
    """

    arn: str
    required: bool
    members: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


class OperationRow(msgspec.Struct, frozen=True, array_like=True):
    """One operation of a model. `action` is "" where the reference has none of its name."""

    name: str
    action: str = ""
    targets: tuple[TargetRow, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()
    tags: str = ""
    untags: str = ""
    tagging: str = ""


class ServiceBlob(msgspec.Struct, frozen=True, array_like=True):
    """One service of botocore. `prefix` is its action prefix ("" where none is known), `version` its model's apiVersion."""

    prefix: str
    source: str
    version: str
    worldwide: bool
    operations: tuple[OperationRow, ...]


class VersionRow(msgspec.Struct, frozen=True, array_like=True):
    """One version of a managed policy: its document as JSON."""

    id: str
    created: float
    document: str


class PolicyRow(msgspec.Struct, frozen=True, array_like=True):
    """An AWS managed policy without its documents."""

    name: str
    path: str
    default: str
    created: float
    updated: float
    current: bool
