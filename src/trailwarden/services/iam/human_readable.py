"""GetHumanReadableSummary: what a delegation request asks for, in a few sentences.

AWS has a language model write it; here the sentences follow from the request and its policy alone.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import Layer, Source, Statement, compile_policy
from trailwarden.services.call import Call
from trailwarden.services.iam.delegation_request import DelegationRequest
from trailwarden.services.iam.delegation_requests import visible_request
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_human_readable_summary", "summary_of"]

_LOCALE = "en"
_LONGEST = 10_000
_MOST_NAMED = 8


@operation("iam:GetHumanReadableSummary")
def get_human_readable_summary(call: Call, world: World) -> Mapping[str, Any]:
    """Tell in English what a delegation request asks for, to whoever may see it. Other languages are not supported.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetHumanReadableSummary.html
    """
    arn = Arn.parse(call.params["EntityArn"])
    if arn is None or arn.service != "iam" or arn.type != "delegation-request":
        raise InvalidInput(reason="The entity must be a delegation request.")
    request = visible_request(call, world, arn.name)
    locale = call.params.get("Locale", _LOCALE)
    if locale.partition("-")[0].lower() != _LOCALE:
        return {"Locale": locale, "SummaryState": "NOT_SUPPORTED"}
    return {"Locale": locale, "SummaryState": "AVAILABLE", "SummaryContent": summary_of(request)[:_LONGEST]}


def summary_of(request: DelegationRequest) -> str:
    """Who asks, for how long, and what each statement of the policy allows or denies."""
    who = f"{request.requestor_name} (account {request.requestor})" if request.requestor_name else request.requestor
    lasting = timedelta(seconds=request.duration)
    lines = [f"{who} asks for temporary access for {lasting} (hours:minutes:seconds).", request.description]
    if request.message:
        lines.append(f"Message: {request.message}")
    lines.extend(_statements(request.policy))
    if request.restrictions:
        lines.append(f"Roles made with this access must have a permissions boundary: {_listed(request.restrictions)}.")
    return "\n".join(lines)


def _statements(policy: str) -> Iterator[str]:
    for statement in compile_policy(policy, Source(layer=Layer.SESSION, id="delegation")).statements:
        verb = "Allows" if statement.allows else "Denies"
        yield f"{verb} {_subject(statement)}{_when(statement)}."


def _subject(statement: Statement) -> str:
    actions = f"every action but {_listed(statement.actions)}" if statement.not_actions else _listed(statement.actions)
    resources = _listed(statement.resources) or "every resource"
    if statement.not_resources:
        resources = f"every resource but {resources}"
    return f"{actions} on {'every resource' if resources == '*' else resources}"


def _when(statement: Statement) -> str:
    keys = dict.fromkeys(condition.key for condition in statement.conditions)
    return f", depending on {_listed(tuple(keys))}" if keys else ""


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
