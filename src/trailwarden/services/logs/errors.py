"""CloudWatch Logs' exceptions. Every one answers with HTTP status 400; texts are those of recorded answers where one is known.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "AccessDeniedException",
    "InvalidParameterException",
    "LimitExceededException",
    "LogGroupNotFound",
    "LogStreamNotFound",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "TooManyTagsException",
    "ValidationException",
]


class AccessDeniedException(AwsError):
    """A key may not be used for the log group."""

    message = "{reason}"


class InvalidParameterException(AwsError):
    """A parameter is specified incorrectly."""

    message = "{reason}"


class LimitExceededException(AwsError):
    """The maximum number of resources is reached."""

    message = "Resource limit exceeded."


class ResourceAlreadyExistsException(AwsError):
    """The log group or stream exists already."""

    message = "The specified {noun} already exists"


class ResourceNotFoundException(AwsError):
    """Something that is not a log group or stream does not exist."""

    message = "{reason}"


class LogGroupNotFound(AwsError):
    """The log group does not exist."""

    code = "ResourceNotFoundException"
    message = "The specified log group does not exist."


class LogStreamNotFound(AwsError):
    """The log stream does not exist."""

    code = "ResourceNotFoundException"
    message = "The specified log stream does not exist."


class TooManyTagsException(AwsError):
    """A resource can have no more than 50 tags."""

    message = "A resource can have no more than 50 tags."


class ValidationException(AwsError):
    """One of the parameters is not valid."""

    message = "{reason}"
