"""The facts of services that AWS does not have, in the archive's rows: this server's own."""

from collections.abc import Mapping

from trailwarden.catalog.rows import ActionRow, OperationRow, PrefixBlob, ResourceRow, ServiceBlob, TypeRow

__all__ = ["PREFIXES", "SERVICES"]

_NAME = "trailwarden"
_REFUSAL, _REQUEST = (ResourceRow("refusal", required=True),), (ResourceRow("access-request", required=True),)

_ACTIONS = (
    ActionRow("ApproveAccessRequest", "Permissions management", _REQUEST),
    ActionRow("CreateAccessRequest", "Write", _REFUSAL),
    ActionRow("Diagnose", "Read", _REFUSAL),
    ActionRow("GetAccessRequest", "Read", _REQUEST),
    ActionRow("ListAccessRequests", "List", _REQUEST),
    ActionRow("RejectAccessRequest", "Permissions management", _REQUEST),
)

PREFIXES: Mapping[str, PrefixBlob] = {
    _NAME: PrefixBlob(
        actions=_ACTIONS,
        types={
            "refusal": TypeRow("arn:${Partition}:trailwarden:${Region}:${Account}:refusal/${Whose}"),
            "access-request": TypeRow("arn:${Partition}:trailwarden:${Region}:${Account}:access-request/${Id}"),
        },
        keys={},
    )
}
"""Action prefix → its actions."""

SERVICES: Mapping[str, ServiceBlob] = {
    _NAME: ServiceBlob(
        prefix=_NAME,
        source=_NAME,
        version="2026-11-25",
        worldwide=False,
        operations=tuple(OperationRow(row.name, f"{_NAME}:{row.name}") for row in _ACTIONS),
    )
}
"""Service → its operations."""
