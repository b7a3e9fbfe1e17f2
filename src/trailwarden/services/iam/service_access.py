"""Which of an entity's policies let it use a service."""

from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import Policy
from trailwarden.services.call import Call
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.subjects import subject_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["grants_service", "list_policies_granting_service_access"]


@operation("iam:ListPoliciesGrantingServiceAccess")
def list_policies_granting_service_access(call: Call, world: World) -> Mapping[str, Any]:
    """List, for each service named, the policies of a user, group or role that allow any of its actions.

    Conditions, boundaries and denials are left aside, as AWS does.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
    """
    policies = subject_of(call, world, call.params["Arn"]).policies.identity
    namespaces = page(call, tuple(dict.fromkeys(call.params["ServiceNamespaces"])), str)
    shown = [
        {"ServiceNamespace": namespace, "Policies": _granting(policies, namespace)} for namespace in namespaces.items
    ]
    return {"PoliciesGrantingServiceAccess": shown, **namespaces.rest}


def grants_service(policy: Policy, namespace: str) -> bool:
    """Whether a statement of the policy allows an action of the service."""
    return any(
        statement.allows and _concerns(statement.actions, namespace) is not statement.not_actions
        for statement in policy.statements
    )


def _concerns(actions: Iterable[str], namespace: str) -> bool:
    return any(action == "*" or action.partition(":")[0].lower() == namespace.lower() for action in actions)


def _granting(policies: Iterable[Policy], namespace: str) -> list[dict[str, str]]:
    return [_shown(policy) for policy in policies if grants_service(policy, namespace)]


def _shown(policy: Policy) -> dict[str, str]:
    source = policy.source
    if not source.inline:
        return {"PolicyName": source.name, "PolicyType": "MANAGED", "PolicyArn": source.id}
    holder = Arn.parse(source.attached_to)
    owner = {"EntityType": holder.type.upper(), "EntityName": holder.name} if holder else {}
    return {"PolicyName": source.name, "PolicyType": "INLINE", **owner}
