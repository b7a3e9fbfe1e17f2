"""The Region that a call about a bucket must be signed for.

A server for every Region stands at one address, so nobody can be sent elsewhere by name. Where AWS redirects, it therefore
tells the right Region, as AWS's own endpoint of that Region does; stock clients sign again for it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
"""

from trailwarden.services.s3.bucket import BUCKET
from trailwarden.storage.ports import Reader
from trailwarden.wire.parsed import Parsed

__all__ = ["signing_region"]

_EVERYWHERE = frozenset({"CreateBucket", "GetBucketLocation"})
"""CreateBucket tells the wrong Region in its own words; GetBucketLocation is how one finds the right one.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
"""


def signing_region(call: Parsed, reader: Reader) -> str:
    """The Region of the bucket that the call names; "" where any will do."""
    name = call.params.get("Bucket")
    if call.route.service != "s3" or not isinstance(name, str) or call.route.operation in _EVERYWHERE:
        return ""
    document = reader.get(BUCKET, "", "", name)
    return document.body.region if document else ""
