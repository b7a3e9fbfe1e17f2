"""The policy simulator: what would be decided, without doing it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.context import caller_context
from trailwarden.policy import (
    ANY,
    AccessRequest,
    ContextValue,
    Layer,
    Policy,
    PolicySet,
    Source,
    context_keys,
    evaluate,
    simulations,
)
from trailwarden.services.call import Call
from trailwarden.services.iam.documents import compiled
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.iam.exclusion import without
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.subjects import Subject, stranger, subject_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_context_keys_for_custom_policy", "get_context_keys_for_principal_policy", "simulate_custom_policy",
           "simulate_principal_policy"]  # fmt: skip


@operation("iam:SimulatePrincipalPolicy")
def simulate_principal_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Decide actions on resources for a user, group or role with the policies it has, and more where given.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    asked = call.params
    source = subject_of(call, world, asked["PolicySourceArn"])
    standing = without(source.policies, asked.get("PolicyExclusionList", ()))
    policies = replace(standing, identity=(*standing.identity, *_given(asked, "PolicyInputList", Layer.IDENTITY)))
    return _answer(call, world, _as_caller(call, world, source), policies)


@operation("iam:SimulateCustomPolicy")
def simulate_custom_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Decide actions on resources by the given policies alone.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
    """
    asked = call.params
    levels = tuple(
        _given(level, "ServiceControlPolicyInputList", Layer.SCP)
        for level in asked.get("OrderedOrganizationPolicyInputList", ())
    )
    policies = PolicySet(identity=_given(asked, "PolicyInputList", Layer.IDENTITY), scps=levels)
    if "ResourcePolicy" in asked and "CallerArn" not in asked:
        raise InvalidInput(reason="CallerArn is required if you include a ResourcePolicy.")
    return _answer(call, world, stranger(call, asked.get("CallerArn", "")), policies)


@operation("iam:GetContextKeysForCustomPolicy")
def get_context_keys_for_custom_policy(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — the input is all it needs
    """List the condition keys that the given policies refer to.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
    """
    return {"ContextKeyNames": _keys(_given(call.params, "PolicyInputList", Layer.IDENTITY))}


@operation("iam:GetContextKeysForPrincipalPolicy")
def get_context_keys_for_principal_policy(call: Call, world: World) -> Mapping[str, Any]:
    """List the condition keys that the policies of a user, group or role refer to.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
    """
    source = subject_of(call, world, call.params["PolicySourceArn"])
    given = _given(call.params, "PolicyInputList", Layer.IDENTITY)
    return {"ContextKeyNames": _keys((*source.policies.identity, *given))}


def _answer(call: Call, world: World, subject: Subject, policies: PolicySet) -> Mapping[str, Any]:
    asked = call.params
    if "PermissionsBoundaryPolicyInputList" in asked:
        boundary = _given(asked, "PermissionsBoundaryPolicyInputList", Layer.BOUNDARY)
        policies = replace(policies, boundary=boundary)
    if "ResourcePolicy" in asked:
        resource = Source(layer=Layer.RESOURCE, id="ResourcePolicy", name="ResourcePolicy", inline=True)
        policies = replace(policies, resource=(compiled(asked["ResourcePolicy"], resource, ANY),))
    context = {
        **caller_context(subject.caller, now=world.now, region="", place=subject.place),
        **_context(asked.get("ContextEntries", ())),
    }
    actions = page(call, tuple(enumerate(asked["ActionNames"])), lambda numbered: f"{numbered[0]:06}")
    return {
        "EvaluationResults": [_result(call, subject, policies, action, context) for _, action in actions.items],
        **actions.rest,
    }


def _result(
    call: Call, subject: Subject, policies: PolicySet, action: str, context: Mapping[str, ContextValue]
) -> dict[str, Any]:
    """One action on all resources."""
    if ":" not in action:
        raise InvalidInput(reason=f"Invalid action name: {action}. It must have the form service:action.")
    if "*" in action:
        raise InvalidInput(reason=f"Invalid action name: {action}. Wildcards are not supported in an action name.")
    owner = _owner(call, subject)
    requests = [
        AccessRequest(
            principal=subject.caller.principal, action=action, resource=arn, resource_account=owner, context=context
        )
        for arn in call.params.get("ResourceArns") or ("*",)
    ]
    return simulations([evaluate(request, policies) for request in requests], resources=_template(action))


def _template(action: str) -> str:
    """The ARN template of what the action is done to, `*` where none is known.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html (EvalResourceName)
    """
    facts = catalog.action(action)
    types = facts.resource_types if facts else ()
    return min(types, key=lambda each: not each.required).arn if types else "*"


def _owner(call: Call, subject: Subject) -> str:
    """The account that owns the resources: ResourceOwner's, else the caller's own.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html (ResourceOwner)
    """
    owner = call.params.get("ResourceOwner", "")
    arn = Arn.parse(owner)
    return arn.account if arn else owner or subject.caller.principal.account


def _as_caller(call: Call, world: World, source: Subject) -> Subject:
    """The policies' owner, or the user that CallerArn names."""
    arn = call.params.get("CallerArn")
    if not arn:
        return source
    parsed = Arn.parse(arn)
    if parsed is None or parsed.type != "user":
        raise InvalidInput(reason=f"Invalid caller ARN: {arn}")
    known = parsed.account == call.account
    return subject_of(call, world, arn) if known else stranger(call, arn)


def _given(asked: Mapping[str, Any], member: str, layer: Layer) -> tuple[Policy, ...]:
    """The policies of an input list, named as AWS names them: `PolicyInputList.1`."""
    return tuple(
        compiled(text, Source(layer=layer, id=f"{member}.{index}", name=f"{member}.{index}", inline=True), ANY)
        for index, text in enumerate(asked.get(member, ()), start=1)
    )


def _context(entries: Iterable[Mapping[str, Any]]) -> dict[str, ContextValue]:
    return {entry["ContextKeyName"]: _value(entry) for entry in entries if "ContextKeyName" in entry}


def _value(entry: Mapping[str, Any]) -> ContextValue:
    values = tuple(entry.get("ContextKeyValues", ()))
    listed = entry.get("ContextKeyType", "string").endswith("List")
    return values if listed or len(values) != 1 else values[0]


def _keys(policies: Iterable[Policy]) -> list[str]:
    found = {key.lower(): key for policy in policies for key in context_keys(policy)}
    return sorted(found.values())
