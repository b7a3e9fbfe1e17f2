"""The authorization details of denials, of every service and for as long as they are kept."""

import json
import re
from collections.abc import Mapping
from typing import Any

from trailwarden.auth.organization import membership
from trailwarden.auth.record import Kept, read_decided
from trailwarden.errors import AwsError, ValidationException
from trailwarden.policy import Policy
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.toolbox.checks import checks_of, context_shown, effect_of
from trailwarden.services.toolbox.policies import policies_of, policy_shown, uri_of
from trailwarden.services.world import World
from trailwarden.storage.ports import Decided

__all__ = ["ResourceNotFoundException", "get_request_authorization_details", "get_request_authorization_policy"]

_UNHYPHENATED = re.compile(r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\Z")


class ResourceNotFoundException(AwsError):
    """There is no such decision in this Region, or it is not for this caller to see."""

    message = (
        "The requested authorization details do not exist in this region or have expired. "
        "Verify the authorization ID, the region, and that you call from the account or organization of the principal."
    )
    status = 404


@operation("iam-toolbox:GetRequestAuthorizationDetails")
def get_request_authorization_details(call: Call, world: World) -> Mapping[str, Any]:
    """Show what was evaluated for a denied request: context, checks with their effects, and the policies.

    Named in the denial's text by its authorization id. Source: botocore's model of iam-toolbox, 2018-05-10.
    """
    if call.params.get("nextToken"):
        raise ValidationException(reason="The next token is not valid.")
    kept = _kept(call, world)
    decision = kept.decision
    own = {key.lower() for key in kept.check.context}
    shared = {key: value for key, value in kept.request.context.items() if key.lower() not in own}
    return {
        "requestContext": context_shown(shared),
        "evaluations": [
            {
                "action": kept.request.action,
                "resource": kept.request.resource,
                "context": context_shown(kept.check.context),
                "evaluatedEffect": effect_of(decision),
                "checks": checks_of(decision),
            }
        ],
        "policies": [policy_shown(policy) for policy in policies_of(kept.policies)],
    }


@operation("iam-toolbox:GetRequestAuthorizationPolicy")
def get_request_authorization_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show a policy as it stood when the request was denied.

    Source: botocore's model of iam-toolbox, 2018-05-10.
    """
    return {"policyDocument": json.loads(_policy(_kept(call, world), call.params["policyUri"]).text)}


def _kept(call: Call, world: World) -> Kept:
    """The decision, if the caller belongs to the account, or organization, whose principal was denied."""
    decided = _decided(world, call.params["authorizationId"])
    if decided is None or decided.region != call.region:
        raise ResourceNotFoundException
    kept = read_decided(decided.body)
    if not _may_see(call, world, kept.request.principal.account):
        raise ResourceNotFoundException
    return kept


def _decided(world: World, named: str) -> Decided | None:
    """By authorization id; beyond what AWS does also by the id of the event or of the request.

    Those are written without their hyphens, since the model admits letters and digits alone.
    """
    found = world.storage.decision(named)
    if found is not None or not _UNHYPHENATED.match(named):
        return found
    whole = "-".join(_UNHYPHENATED.sub(r"\1 \2 \3 \4 \5", named).split())
    return world.storage.decision(whole, by="event_id") or world.storage.decision(whole, by="request_id")


def _may_see(call: Call, world: World, account: str) -> bool:
    if account == call.account:
        return True
    theirs, ours = membership(account, world.transaction), membership(call.account, world.transaction)
    return theirs is not None and ours is not None and theirs.organization.id == ours.organization.id


def _policy(kept: Kept, uri: str) -> Policy:
    for policy in policies_of(kept.policies):
        if uri_of(policy) == uri:
            return policy
    raise ResourceNotFoundException
