"""Resource-based policies of event data stores, channels and dashboards.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_resource-based-policy-examples.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.organization import DELEGATED_ADMINISTRATOR
from trailwarden.errors import AwsError
from trailwarden.lake.store import EventDataStore, is_gone
from trailwarden.policy import RESOURCE, Layer, MalformedPolicy, Policy, Source, Statement, compile_policy
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.delegated_policy import delegated_policy
from trailwarden.services.cloudtrail.errors import ResourceNotFoundException, ResourceTypeNotSupportedException
from trailwarden.services.cloudtrail.resources import Resource, change_resource, resource_of
from trailwarden.services.principals import unknown_principals
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "ResourceARNNotValidException",
    "ResourcePolicyNotFoundException",
    "ResourcePolicyNotValidException",
    "delete_resource_policy",
    "get_resource_policy",
    "put_resource_policy",
]


class ResourceARNNotValidException(AwsError):
    """The ARN is not one of an event data store, dashboard or channel.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutResourcePolicy.html
    """

    message = "The provided resource does not exist, or the ARN format of the resource is not valid: {given}"


class ResourcePolicyNotFoundException(AwsError):
    """The resource has no policy.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetResourcePolicy.html
    """

    message = "The specified resource policy is not found: {arn}"


class ResourcePolicyNotValidException(AwsError):
    """The policy has syntax errors, a principal that is not valid, or allows what such a policy cannot.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutResourcePolicy.html
    """

    message = "{reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What policies of one type of resource may say. 0 is no limit."""

    actions: frozenset[str]
    statements: int = 0
    principals: int = 0


_FORMS: Mapping[str, _Form] = {
    "eventdatastore": _Form(
        actions=frozenset(
            f"cloudtrail:{name}"
            for name in (
                "StartQuery",
                "CancelQuery",
                "ListQueries",
                "DescribeQuery",
                "GetQueryResults",
                "GenerateQuery",
                "GenerateQueryResultsSummary",
                "GetEventDataStore",
            )
        )
    ),
    "channel": _Form(actions=frozenset({"cloudtrail-data:PutAuditEvents"}), statements=20, principals=50),
    "dashboard": _Form(actions=frozenset({"cloudtrail:StartDashboardRefresh"})),
}


@operation("cloudtrail:PutResourcePolicy")
def put_resource_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Hang a policy on an event data store, channel or dashboard; it takes the place of the one before.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutResourcePolicy.html
    """
    arn, resource = _found(call, world)
    text = call.params["ResourcePolicy"]
    _check(world, arn, text)
    change_resource(world, arn, resource, policy=text)
    return {"ResourceArn": str(arn), "ResourcePolicy": text, **_delegated(world, resource)}


@operation("cloudtrail:GetResourcePolicy")
def get_resource_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show the policy, and what delegated administrators may do with an organization's event data store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetResourcePolicy.html
    """
    arn, resource = _found(call, world)
    delegated = _delegated(world, resource)
    policy = _policy_of(resource)
    if not policy and not delegated:
        raise ResourcePolicyNotFoundException(arn=arn)
    return {"ResourceArn": str(arn), **({"ResourcePolicy": policy} if policy else {}), **delegated}


@operation("cloudtrail:DeleteResourcePolicy")
def delete_resource_policy(call: Call, world: World) -> None:
    """Take the policy off.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteResourcePolicy.html
    """
    arn, resource = _found(call, world)
    if not _policy_of(resource):
        raise ResourcePolicyNotFoundException(arn=arn)
    change_resource(world, arn, resource, policy="")


def _found(call: Call, world: World) -> tuple[Arn, Resource]:
    """ResourceARNNotValidException, ResourceTypeNotSupportedException, ResourceNotFoundException."""
    given: str = call.params["ResourceArn"]
    arn = Arn.parse(given)
    if arn is None or arn.service != "cloudtrail" or not arn.type:
        raise ResourceARNNotValidException(given=given)
    if arn.type not in _FORMS:
        raise ResourceTypeNotSupportedException(arn=given)
    resource = resource_of(world.transaction, arn)
    gone = isinstance(resource, EventDataStore) and is_gone(resource, call.now)
    if resource is None or gone or (arn.account, arn.region) != (call.account, call.region):
        raise ResourceNotFoundException(arn=given)
    return arn, resource


def _policy_of(resource: Resource) -> str:
    return str(getattr(resource, "policy", ""))


def _delegated(world: World, resource: Resource) -> dict[str, str]:
    if not isinstance(resource, EventDataStore) or not resource.organization:
        return {}
    found = world.list(DELEGATED_ADMINISTRATOR, resource.organization, "")
    policy = delegated_policy(resource, found)
    return {"DelegatedAdminResourcePolicy": policy} if policy else {}


def _check(world: World, arn: Arn, text: str) -> None:
    """ResourcePolicyNotValidException."""
    try:
        policy = compile_policy(text, Source(layer=Layer.RESOURCE, id=str(arn), attached_to=str(arn)), grammar=RESOURCE)
    except MalformedPolicy as fault:
        raise ResourcePolicyNotValidException(reason=fault.text) from None
    _check_form(policy, _FORMS[arn.type], arn)
    for statement in policy.statements:
        for name in unknown_principals(world, statement):
            raise ResourcePolicyNotValidException(reason=f"Invalid principal in policy: {name}")


def _check_form(policy: Policy, form: _Form, arn: Arn) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_resource-based-policy-examples.html."""
    allowed = {action.lower() for action in form.actions}
    if form.statements and len(policy.statements) > form.statements:
        raise ResourcePolicyNotValidException(reason=f"A policy can have at most {form.statements} statements.")
    for statement in policy.statements:
        if form.principals and len(_principals(statement)) > form.principals:
            raise ResourcePolicyNotValidException(reason=f"A statement can name at most {form.principals} principals.")
        unfit = [action for action in statement.actions if action.lower() not in allowed]
        if unfit or statement.not_actions:
            raise ResourcePolicyNotValidException(
                reason=f"The action {next(iter(unfit), 'NotAction')} is not supported in a policy of this resource type."
            )
        if tuple(statement.resources) != (str(arn),) or statement.not_resources:
            raise ResourcePolicyNotValidException(reason=f"The resource of each statement must be {arn}.")


def _principals(statement: Statement) -> tuple[tuple[str, str], ...]:
    return statement.principals.written if statement.principals is not None else ()
