"""Cross-origin resource sharing: the configuration.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket
from trailwarden.services.s3.configurations import configured, drop, keep_configuration
from trailwarden.services.s3.errors import InvalidRequest, MalformedXML
from trailwarden.services.world import World

__all__ = ["delete_bucket_cors", "get_bucket_cors", "put_bucket_cors"]

_NOUN = "Cors"
_RULES_MAX = 100
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})


class NoSuchCORSConfiguration(AwsError):
    """The bucket has no CORS configuration."""

    message = "The CORS configuration does not exist"
    status = 404


@operation("s3:PutBucketCors")
def put_bucket_cors(call: Call, world: World) -> None:
    """Set the rules. MalformedXML, InvalidRequest for a method that CORS does not know.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
    """
    bucket = find_bucket(call, world)
    rules = call.params["CORSConfiguration"].get("CORSRules") or ()
    if not 0 < len(rules) <= _RULES_MAX:
        raise MalformedXML
    for rule in rules:
        if not rule.get("AllowedMethods") or rule.get("AllowedOrigins") is None:
            raise MalformedXML
        for method in rule["AllowedMethods"]:
            if method not in _METHODS:
                raise InvalidRequest(
                    reason=f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
    keep_configuration(world, bucket, _NOUN, {"CORSRules": rules})


@operation("s3:GetBucketCors")
def get_bucket_cors(call: Call, world: World) -> Mapping[str, Any]:
    """The rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html
    """
    bucket = find_bucket(call, world)
    found = configured(bucket, _NOUN)
    if found is None:
        raise NoSuchCORSConfiguration(members={"BucketName": bucket.name})
    return found


@operation("s3:DeleteBucketCors")
def delete_bucket_cors(call: Call, world: World) -> None:
    """Delete the rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html
    """
    drop(world, find_bucket(call, world), _NOUN)
