"""What S3 refuses in a bucket policy that its grammar lets through.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
https://repost.aws/knowledge-center/s3-invalid-principal-in-policy-error
"""

from collections.abc import Iterable

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.policy import Policy, Statement
from trailwarden.policy.pattern import compile_patterns, pieces_of
from trailwarden.services.principals import unknown_principals
from trailwarden.services.s3.bucket import Bucket
from trailwarden.services.world import World

__all__ = ["MalformedPolicy", "check_bucket_policy"]

_DETAIL_MAX = 1024


class MalformedPolicy(AwsError):
    """The document is no bucket policy. Member Detail tells the value at fault.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """

    message = "{reason}"


def check_bucket_policy(world: World, bucket: Bucket, policy: Policy) -> None:
    """MalformedPolicy where a principal does not exist, a resource is another bucket's, or an action has no resource."""
    for statement in policy.statements:
        for name in unknown_principals(world, statement):
            raise _refused("Invalid principal in policy", f'"AWS" : "{name}"')
        for resource in statement.resources:
            if not _is_own(bucket, resource):
                raise _refused("Policy has invalid resource", resource)
        _check_actions(statement)


def _refused(reason: str, detail: str) -> MalformedPolicy:
    return MalformedPolicy(members={"Detail": detail[:_DETAIL_MAX]}, reason=reason)


def _is_own(bucket: Bucket, resource: str) -> bool:
    """A bucket policy speaks of its own bucket and the objects in it, of nothing else."""
    named = Arn.parse(resource)
    if named is None:
        return resource == "*"
    name = named.resource.partition("/")[0]
    return named.service == "s3" and not named.account and compile_patterns([pieces_of(name)]).match(bucket.name)


def _check_actions(statement: Statement) -> None:
    """Each action must be one of S3's that applies to a bucket or an object that the statement names."""
    present = _types_of(statement.resources) if not statement.not_resources else {"bucket", "object"}
    for action in statement.actions:
        types = _types_of_action(action)
        if not types:
            raise _refused("Policy has invalid action", action)
        if not statement.not_actions and not types & present:
            raise _refused("Action does not apply to any resource(s) in statement", action)


def _types_of(resources: Iterable[str]) -> set[str]:
    types: set[str] = set()
    for resource in resources:
        name, slash, _ = resource.rpartition(":")[2].partition("/")
        if slash or name.endswith("*"):
            types.add("object")
        if not slash:
            types.add("bucket")
    return types


def _types_of_action(action: str) -> set[str]:
    if action == "*":
        return {"bucket", "object"}
    if action.partition(":")[0].lower() != "s3":
        return set()
    names = catalog.expand(action) if "*" in action or "?" in action else (action,)
    found = (facts for name in names if (facts := catalog.action(name)) is not None)
    return {kind.name for facts in found for kind in facts.resource_types} & {"bucket", "object"}
