"""iam:PassRole: whoever hands a role to a service needs the right to pass it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterable, Iterator, Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.asking import Ask
from trailwarden.catalog.checks import Check

__all__ = ["pass_role", "passed_roles", "service_principal"]

_PRINCIPALS: Mapping[str, str] = {
    "application-autoscaling": "application-autoscaling.amazonaws.com",
    "batch": "batch.amazonaws.com",
    "bedrock-agent": "bedrock.amazonaws.com",
    "bedrock-agentcore-control": "bedrock-agentcore.amazonaws.com",
    "cloudtrail-data": "cloudtrail.amazonaws.com",
    "cloudwatch": "cloudwatch.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "emr-containers": "emr-containers.amazonaws.com",
    "emr-serverless": "emr-serverless.amazonaws.com",
    "events": "events.amazonaws.com",
    "iam-toolbox": "iam.amazonaws.com",
    "imagebuilder": "imagebuilder.amazonaws.com",
    "lexv2-models": "lexv2.amazonaws.com",
    "opensearch": "es.amazonaws.com",
    "pipes": "pipes.amazonaws.com",
    "rds": "rds.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
    "transfer": "transfer.amazonaws.com",
}
"""Services whose principal is not named as their signing name."""


def service_principal(service: str, source: str = "") -> str:
    """The principal under which a service assumes roles (`cloudtrail.amazonaws.com`); `source` is its event source."""
    return _PRINCIPALS.get(service) or source or f"{service}.amazonaws.com"


def pass_role(role: str, principal: str, *, associated: str = "") -> Check:
    """The right to pass one role, given by its ARN, to a service; `associated` is the resource it is passed for."""
    context = {"iam:PassedToService": principal}
    if associated:
        context["iam:AssociatedResourceArn"] = associated
    return Check(action="iam:PassRole", resource=role, context=context)


def passed_roles(ask: Ask, paths: Iterable[str], source: str) -> Iterator[Check]:
    """The rights to pass the roles that members at `paths` name, by ARN or by name."""
    principal = service_principal(ask.service, source)
    for path in paths:
        for given in ask.texts(path):
            arn = Arn.parse(given)
            if "InstanceProfile" in path or (arn is not None and arn.type == "instance-profile"):
                yield _profile_role(ask, arn.name if arn else given)
            elif arn is None:
                yield pass_role(ask.arn(f"role/{given}", service="iam", region=""), principal)
            elif arn.service == "iam" and arn.type == "role":
                yield pass_role(given, principal)


def _profile_role(ask: Ask, profile: str) -> Check:
    """An instance profile passes the role that is in it, to EC2."""
    role = ask.lookup("iam.instance-profile.role", profile)
    return pass_role(role or ask.arn("role/*", service="iam", region=""), "ec2.amazonaws.com")
