"""What else a change of policies allows."""

import json
from collections.abc import Iterator
from dataclasses import replace

from trailwarden import catalog
from trailwarden.diagnose.case import Case
from trailwarden.diagnose.edits import Attach, Edit, SetDocument, apply_edits
from trailwarden.policy import AccessRequest, evaluate

__all__ = ["newly_allowed"]


def newly_allowed(case: Case, edits: tuple[Edit, ...]) -> list[str]:
    """The other actions, on the resource asked for or on all, that the edits newly allow to the caller."""
    actions = {action for edit in edits for pattern in _granted_patterns(edit) for action in catalog.expand(pattern)}
    policies = apply_edits(case.policies, edits)
    if policies is None:
        return []
    return [
        action
        for action in sorted(actions)
        if action.lower() != case.request.action.lower()
        and any(
            evaluate(request, policies).allowed and not evaluate(request, case.policies).allowed
            for request in _alike(case, action)
        )
    ]


def _alike(case: Case, action: str) -> tuple[AccessRequest, AccessRequest]:
    """The request with another action, on the same resource and on all."""
    same = replace(case.request, action=action)
    return same, replace(same, resource="*", resource_account="")


def _granted_patterns(edit: Edit) -> Iterator[str]:
    if isinstance(edit, Attach):
        yield from _allowed_patterns(edit.document)
    elif isinstance(edit, SetDocument):
        yield from _texts(edit.statement.get("Action", []))


def _allowed_patterns(document: str) -> Iterator[str]:
    statements = json.loads(document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        yield from _texts(statement.get("Action", []) if statement["Effect"] == "Allow" else [])


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
