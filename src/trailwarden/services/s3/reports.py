"""Configurations that a bucket has several of, each under an id: analytics, metrics, inventory, intelligent tiering.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/analytics-storage-class.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import Handler, operation
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.configurations import keep_configuration, thawed
from trailwarden.services.s3.errors import MalformedXML
from trailwarden.services.world import World

__all__ = ["IdMismatch", "NoSuchConfiguration"]

_EACH_MAX = 1000
_PAGE = 100


class NoSuchConfiguration(AwsError):
    """The bucket has no such configuration of that id."""

    message = "The specified configuration does not exist."
    status = 404


class IdMismatch(AwsError):
    """The id in the request is not the one in the configuration."""

    message = "Document ID does not match the specified configuration ID."


def _standing(bucket: Bucket, noun: str) -> dict[str, Any]:
    found: dict[str, Any] = bucket.configurations.get(noun, {})
    return found


def _put(noun: str, needed: str) -> Handler:
    def put(call: Call, world: World) -> None:
        bucket, name = find_bucket(call, world), call.params["Id"]
        asked = call.params[f"{noun}Configuration"]
        if asked.get("Id") != name:
            raise IdMismatch
        standing = _standing(bucket, noun)
        if (needed and not asked.get(needed)) or (name not in standing and len(standing) >= _EACH_MAX):
            raise MalformedXML
        keep_configuration(world, bucket, noun, {**standing, name: asked})

    return put


def _get(noun: str) -> Handler:
    def get(call: Call, world: World) -> Mapping[str, Any]:
        found = _standing(find_bucket(call, world), noun).get(call.params["Id"])
        if found is None:
            raise NoSuchConfiguration
        return {f"{noun}Configuration": thawed(found)}

    return get


def _delete(noun: str) -> Handler:
    def delete(call: Call, world: World) -> None:
        bucket = find_bucket(call, world)
        standing = _standing(bucket, noun)
        if call.params["Id"] not in standing:
            raise NoSuchConfiguration
        kept = {name: value for name, value in standing.items() if name != call.params["Id"]}
        keep_configuration(world, bucket, noun, kept)

    return delete


def _list(noun: str) -> Handler:
    def listed(call: Call, world: World) -> Mapping[str, Any]:
        token = call.params.get("ContinuationToken") or ""
        found = [
            (name, value) for name, value in sorted(_standing(find_bucket(call, world), noun).items()) if name > token
        ]
        answer: dict[str, Any] = {"IsTruncated": len(found) > _PAGE}
        if token:
            answer["ContinuationToken"] = token
        if found:
            answer[f"{noun}ConfigurationList"] = [thawed(value) for _, value in found[:_PAGE]]
        if len(found) > _PAGE:
            answer["NextContinuationToken"] = found[_PAGE - 1][0]
        return answer

    return listed


_NEEDED = {
    "Analytics": "StorageClassAnalysis",
    "IntelligentTiering": "Tierings",
    "Inventory": "Destination",
    "Metrics": "",
}
"""Each noun, and a member that its configuration cannot be without."""

for _noun, _member in _NEEDED.items():
    operation(f"s3:PutBucket{_noun}Configuration")(_put(_noun, _member))
    operation(f"s3:GetBucket{_noun}Configuration")(_get(_noun))
    operation(f"s3:DeleteBucket{_noun}Configuration")(_delete(_noun))
    operation(f"s3:ListBucket{_noun}Configurations")(_list(_noun))
