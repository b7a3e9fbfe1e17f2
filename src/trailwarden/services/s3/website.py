"""Static website hosting: the configuration.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket
from trailwarden.services.s3.configurations import configured, drop, keep_configuration
from trailwarden.services.s3.errors import InvalidRequest, argument
from trailwarden.services.world import World

__all__ = ["delete_bucket_website", "get_bucket_website", "put_bucket_website"]

_NOUN = "Website"


class NoSuchWebsiteConfiguration(AwsError):
    """The bucket is no website."""

    message = "The specified bucket does not have a website configuration"
    status = 404


@operation("s3:PutBucketWebsite")
def put_bucket_website(call: Call, world: World) -> None:
    """Set the website's documents, redirects and routing rules. InvalidArgument, InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
    """
    bucket = find_bucket(call, world)
    asked = call.params["WebsiteConfiguration"]
    redirect = asked.get("RedirectAllRequestsTo")
    if redirect is not None and len(asked) > 1:
        raise argument(
            "RedirectAllRequestsTo",
            "not null",
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        )
    if redirect is None:
        _check_index(asked.get("IndexDocument"))
    _check_protocol(redirect or {})
    for rule in asked.get("RoutingRules") or ():
        _check_routing(rule)
    keep_configuration(world, bucket, _NOUN, asked)


def _check_index(index: Mapping[str, Any] | None) -> None:
    if index is None:
        raise argument(
            "IndexDocument",
            "null",
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        )
    suffix = index.get("Suffix") or ""
    if not suffix or "/" in suffix:
        raise argument("IndexDocument", suffix, "The IndexDocument Suffix is not well formed")


def _check_protocol(redirect: Mapping[str, Any]) -> None:
    if redirect.get("Protocol") not in {None, "http", "https"}:
        raise InvalidRequest(
            reason="Invalid protocol, protocol can be http or https. "
            "If not defined the protocol will be selected automatically."
        )


def _check_routing(rule: Mapping[str, Any]) -> None:
    redirect = rule.get("Redirect") or {}
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise InvalidRequest(reason="You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    if "Condition" in rule and not rule["Condition"]:
        raise InvalidRequest(
            reason="Condition cannot be empty. To redirect all requests without a condition, "
            "the condition element shouldn't be present."
        )
    _check_protocol(redirect)


@operation("s3:GetBucketWebsite")
def get_bucket_website(call: Call, world: World) -> Mapping[str, Any]:
    """The website configuration.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html
    """
    bucket = find_bucket(call, world)
    found = configured(bucket, _NOUN)
    if found is None:
        raise NoSuchWebsiteConfiguration(members={"BucketName": bucket.name})
    return found


@operation("s3:DeleteBucketWebsite")
def delete_bucket_website(call: Call, world: World) -> None:
    """Delete the website configuration.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html
    """
    drop(world, find_bucket(call, world), _NOUN)
