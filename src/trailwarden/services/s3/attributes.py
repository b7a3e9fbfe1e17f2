"""What is known of an object without its bytes.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket
from trailwarden.services.s3.checksums import members
from trailwarden.services.s3.customer_keys import check_customer_key
from trailwarden.services.s3.errors import argument
from trailwarden.services.s3.objects import find_object
from trailwarden.services.s3.paging import limit_of
from trailwarden.services.s3.stored import Part, Stored
from trailwarden.services.world import World

__all__ = ["get_object_attributes"]

_KNOWN = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})


@operation("s3:GetObjectAttributes")
def get_object_attributes(call: Call, world: World) -> Mapping[str, Any]:
    """The attributes asked for, those that there are.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
    """
    params = call.params
    asked = {name.strip() for name in params["ObjectAttributes"]}
    if not asked or asked - _KNOWN:
        raise argument("x-amz-object-attributes", ",".join(sorted(asked)), "Invalid attribute name specified.")
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    check_customer_key(params, stored)
    known = {
        "ETag": stored.etag,
        "Checksum": members(stored.checksum) or None,
        "ObjectParts": _parts(params, stored),
        "StorageClass": stored.storage_class,
        "ObjectSize": stored.size,
    }
    answer: dict[str, Any] = {name: known[name] for name in asked if known[name] is not None}
    answer["LastModified"] = datetime.fromtimestamp(int(stored.modified), UTC)
    if bucket.versioning:
        answer["VersionId"] = stored.version
    return answer


def _parts(params: Mapping[str, Any], stored: Stored) -> dict[str, Any] | None:
    """How many parts the object has; which they are, only where each has a checksum of its own."""
    if not stored.parts:
        return None
    answer: dict[str, Any] = {"TotalPartsCount": len(stored.parts)}
    if stored.parts[0].checksum is None or stored.checksum is None or not stored.checksum.composite:
        return answer
    limit = limit_of(params, "MaxParts", "x-amz-max-parts")
    marker = int(params.get("PartNumberMarker") or 0)
    behind = [part for part in stored.parts if part.number > marker]
    page = behind[:limit]
    return answer | {
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(behind) > limit,
        "Parts": [_listed(part) for part in page],
    }


def _listed(part: Part) -> dict[str, Any]:
    checksum = {name: value for name, value in members(part.checksum).items() if name != "ChecksumType"}
    return {"PartNumber": part.number, "Size": part.size, **checksum}
