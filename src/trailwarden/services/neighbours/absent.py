"""What is asked of services of which nothing exists here: empty lists, and the words for a name that nothing has."""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["describe_instances", "describe_severity_levels", "describe_stacks", "get_public_access_block"]

_LISTS: Mapping[str, tuple[str, ...]] = {
    "autoscaling:DescribeLaunchConfigurations": ("LaunchConfigurations",),
    "cloudwatch:DescribeAlarms": ("MetricAlarms", "CompositeAlarms"),
    "cloudwatch:DescribeAlarmsForMetric": ("MetricAlarms",),
    "codebuild:ListProjects": ("projects",),
    "lambda:ListFunctions": ("Functions",),
    "lambda:ListLayers": ("Layers",),
    "s3control:ListAccessPoints": ("AccessPointList",),
    "schemas:ListRegistries": ("Registries",),
    "secretsmanager:ListSecrets": ("SecretList",),
}
"""Operations that list, and the members of their answers that are empty."""


def _register(name: str, members: tuple[str, ...]) -> None:
    @operation(name)
    def nothing(_call: Call, _world: World) -> Mapping[str, Any]:
        return {member: [] for member in members}


for _name, _members in _LISTS.items():
    _register(_name, _members)


class InvalidInstanceIDNotFound(AwsError):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""

    code = "InvalidInstanceID.NotFound"
    message = "The instance ID{plural} '{ids}' do{verb} not exist"


class SubscriptionRequiredException(AwsError):
    """AWS Support's API is there for paid plans.

    https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeSeverityLevels.html
    """

    message = "Amazon Web Services Premium Support Subscription is required to use this service."


class NoSuchPublicAccessBlockConfiguration(AwsError):
    """The account has no configuration of its own.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
    """

    message = "The public access block configuration was not found"
    status = 404


@operation("ec2:DescribeInstances")
def describe_instances(call: Call, _world: World) -> Mapping[str, Any]:
    """No instances; InvalidInstanceID.NotFound for ids.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    ids = call.params.get("InstanceIds") or ()
    if ids:
        one = len(ids) == 1
        raise InvalidInstanceIDNotFound(plural="" if one else "s", ids=", ".join(ids), verb="es" if one else "")
    return {"Reservations": []}


@operation("cloudformation:DescribeStacks")
def describe_stacks(call: Call, _world: World) -> Mapping[str, Any]:
    """No stacks; ValidationError for a name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    """
    name = call.params.get("StackName")
    if name:
        raise ValidationException(reason=f"Stack with id {name} does not exist")
    return {"Stacks": []}


@operation("support:DescribeSeverityLevels")
def describe_severity_levels(_call: Call, _world: World) -> Mapping[str, Any]:
    """SubscriptionRequiredException: no account here has a support plan.

    https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeSeverityLevels.html
    """
    raise SubscriptionRequiredException


@operation("s3control:GetPublicAccessBlock")
def get_public_access_block(_call: Call, _world: World) -> Mapping[str, Any]:
    """NoSuchPublicAccessBlockConfiguration: the account's own switches cannot be set here.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
    """
    raise NoSuchPublicAccessBlockConfiguration
