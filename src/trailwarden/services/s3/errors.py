"""S3's errors that more than one of its operations raise. Texts and members are those of real answers.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "AccessControlListNotSupported",
    "AccessDenied",
    "BadDigest",
    "EntityTooLarge",
    "InvalidArgument",
    "InvalidBucketAclWithObjectOwnership",
    "InvalidBucketState",
    "InvalidDigest",
    "InvalidRequest",
    "InvalidStorageClass",
    "InvalidTag",
    "KeyTooLongError",
    "MalformedXML",
    "MethodNotAllowed",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchUpload",
    "NoSuchVersion",
    "NotImplementedHeader",
    "NotModified",
    "PreconditionFailed",
    "argument",
]


class AccessDenied(AwsError):
    """Access is refused by something that is no policy: an object lock, a foreign ExpectedBucketOwner, Block Public Access."""

    message = "{reason}"
    status = 403


class AccessControlListNotSupported(AwsError):
    """Object Ownership is BucketOwnerEnforced: access control lists are off.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """

    message = "The bucket does not allow ACLs"


class BadDigest(AwsError):
    """A digest or checksum that the client gave does not match the bytes."""

    message = "The {digest} you specified did not match {measure}."


class EntityTooLarge(AwsError):
    """One PUT takes at most 5 GB.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
    """

    message = "Your proposed upload exceeds the maximum allowed size"


class InvalidArgument(AwsError):
    """A header or query parameter has a value that S3 does not take; members ArgumentName and ArgumentValue tell which."""

    message = "{reason}"


class InvalidBucketAclWithObjectOwnership(AwsError):
    """A bucket cannot have both a list that grants others anything and Object Ownership BucketOwnerEnforced.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
    """

    message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"


class InvalidBucketState(AwsError):
    """The bucket's versioning or lock does not admit the request."""

    message = "{reason}"
    status = 409


class InvalidDigest(AwsError):
    """Content-MD5 is not the base64 of 16 bytes."""

    message = "The Content-MD5 you specified was invalid."


class InvalidRequest(AwsError):
    """The request contradicts itself or the state of what it is about."""

    message = "{reason}"


class InvalidStorageClass(AwsError):
    """No such storage class, or none that a bucket of this kind knows."""

    message = "The storage class you specified is not valid"


class InvalidTag(AwsError):
    """A tag key or value that S3 does not take.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
    """

    message = "{reason}"


class KeyTooLongError(AwsError):
    """A key has at most 1024 bytes of UTF-8."""

    message = "Your key is too long"


class MalformedXML(AwsError):
    """The body does not validate against S3's schema."""

    message = "The XML you provided was not well-formed or did not validate against our published schema"


class MethodNotAllowed(AwsError):
    """A delete marker was named where an object was meant."""

    message = "The specified method is not allowed against this resource."
    status = 405


class NoSuchBucket(AwsError):
    """No bucket has that name."""

    message = "The specified bucket does not exist"
    status = 404


class NoSuchKey(AwsError):
    """No object has that key."""

    message = "The specified key does not exist."
    status = 404


class NoSuchUpload(AwsError):
    """The multipart upload is unknown, completed or aborted."""

    message = (
        "The specified upload does not exist. The upload ID may be invalid, "
        "or the upload may have been aborted or completed."
    )
    status = 404


class NoSuchVersion(AwsError):
    """The object has no version of that id."""

    message = "The specified version does not exist."
    status = 404


class NotImplementedHeader(AwsError):
    """A header is known and not taken here."""

    code = "NotImplemented"
    message = "A header you provided implies functionality that is not implemented"
    status = 501


class NotModified(AwsError):
    """If-None-Match or If-Modified-Since: the client's copy is still good."""

    message = "Not Modified"
    status = 304


class PreconditionFailed(AwsError):
    """A conditional header did not hold; member Condition names it."""

    message = "At least one of the pre-conditions you specified did not hold"
    status = 412


def argument(name: str, value: object, reason: str) -> InvalidArgument:
    """An InvalidArgument that names the argument, and its value where there is one."""
    members = {"ArgumentName": name} if value is None else {"ArgumentName": name, "ArgumentValue": str(value)}
    return InvalidArgument(members=members, reason=reason)
