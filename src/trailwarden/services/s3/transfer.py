"""Transfer acceleration and who pays for requests.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket
from trailwarden.services.s3.configurations import configured, keep_configuration
from trailwarden.services.s3.errors import InvalidRequest, MalformedXML
from trailwarden.services.world import World

__all__ = [
    "get_bucket_accelerate_configuration",
    "get_bucket_request_payment",
    "put_bucket_accelerate_configuration",
    "put_bucket_request_payment",
]


@operation("s3:PutBucketAccelerateConfiguration")
def put_bucket_accelerate_configuration(call: Call, world: World) -> None:
    """Enable or suspend acceleration.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html
    """
    bucket = find_bucket(call, world)
    if "." in bucket.name:
        raise InvalidRequest(
            reason="S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )
    status = call.params["AccelerateConfiguration"].get("Status")
    if status not in {"Enabled", "Suspended"}:
        raise MalformedXML
    keep_configuration(world, bucket, "Accelerate", {"Status": status})


@operation("s3:GetBucketAccelerateConfiguration")
def get_bucket_accelerate_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """The status, not there where it never was set.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html
    """
    return configured(find_bucket(call, world), "Accelerate") or {}


@operation("s3:PutBucketRequestPayment")
def put_bucket_request_payment(call: Call, world: World) -> None:
    """Say who pays.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html
    """
    bucket = find_bucket(call, world)
    payer = call.params["RequestPaymentConfiguration"].get("Payer")
    if payer not in {"Requester", "BucketOwner"}:
        raise MalformedXML
    keep_configuration(world, bucket, "RequestPayment", {"Payer": payer})


@operation("s3:GetBucketRequestPayment")
def get_bucket_request_payment(call: Call, world: World) -> Mapping[str, Any]:
    """Who pays; the owner, unless it was set.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
    """
    return configured(find_bucket(call, world), "RequestPayment") or {"Payer": "BucketOwner"}
