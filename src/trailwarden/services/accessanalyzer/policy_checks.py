"""Custom policy checks: no new access, access not granted, no public access.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.auth.public import is_public
from trailwarden.policy import ANY, Layer, MalformedPolicy, Policy, Source, Statement, compile_policy
from trailwarden.services.accessanalyzer.errors import InvalidParameterException, UnprocessableEntityException
from trailwarden.services.accessanalyzer.reasoning import granting, new_access
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["check_access_not_granted", "check_no_new_access", "check_no_public_access"]

_LAYERS = {"IDENTITY_POLICY": Layer.IDENTITY, "RESOURCE_POLICY": Layer.RESOURCE}
_ACTIONS = 100


@operation("accessanalyzer:CheckNoNewAccess")
def check_no_new_access(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — the input is all it needs
    """Tell whether a policy lets in no more than another.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoNewAccess.html
    """
    kind = call.params["policyType"]
    new = _policy(call.params["newPolicyDocument"], kind)
    existing = _policy(call.params["existingPolicyDocument"], kind)
    found = list(dict.fromkeys(new_access(new, existing)))
    if not found:
        return _passed("The modified permissions do not grant new access compared to your existing policy.")
    text = "The modified permissions grant new access compared to your existing policy."
    return _failed(text, "New access in the statement with", found)


@operation("accessanalyzer:CheckAccessNotGranted")
def check_access_not_granted(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — the input is all it needs
    """Tell whether a policy grants none of the actions on any of the resources.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckAccessNotGranted.html
    """
    policy = _policy(call.params["policyDocument"], call.params["policyType"])
    found: dict[Statement, None] = {}
    for access in call.params["access"]:
        actions, resources = access.get("actions", ()), access.get("resources", ())
        if not actions and not resources:
            raise InvalidParameterException(reason="At least one action or resource must be specified.")
        if len(actions) > _ACTIONS or len(resources) > _ACTIONS:
            raise InvalidParameterException(reason=f"At most {_ACTIONS} actions or resources can be specified.")
        found |= dict.fromkeys(granting(policy, actions, resources))
    if not found:
        return _passed("The policy document does not grant access to perform the listed actions or resources.")
    text = "The policy document grants access to perform one or more of the listed actions or resources."
    return _failed(text, "One or more of the listed actions or resources in the statement with", found)


@operation("accessanalyzer:CheckNoPublicAccess")
def check_no_public_access(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — the input is all it needs
    """Tell whether a resource policy lets nobody in but whom it names.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoPublicAccess.html
    """
    policy = _policy(call.params["policyDocument"], "RESOURCE_POLICY")
    if not is_public(policy):
        return _passed("The resource policy does not grant public access for the given resource type.")
    found = [each for each in policy.statements if each.allows and each.principals and each.principals.everyone]
    text = "The resource policy grants public access for the given resource type."
    return _failed(text, "Public access granted in the following statement with", found)


def _policy(document: str, kind: str) -> Policy:
    try:
        return compile_policy(document, Source(layer=_LAYERS[kind], id="policy"), grammar=ANY)
    except MalformedPolicy as fault:
        raise UnprocessableEntityException(reason=f"The policy document could not be parsed: {fault.text}") from fault


def _passed(message: str) -> dict[str, Any]:
    return {"result": "PASS", "message": message, "reasons": []}


def _failed(message: str, head: str, statements: Iterable[Statement]) -> dict[str, Any]:
    return {"result": "FAIL", "message": message, "reasons": [_reason(head, statement) for statement in statements]}


def _reason(head: str, statement: Statement) -> dict[str, Any]:
    if statement.sid:
        named = f"{head} sid: {statement.sid}."
        return {"description": named, "statementIndex": statement.index, "statementId": statement.sid}
    return {"description": f"{head} index: {statement.index}.", "statementIndex": statement.index}
