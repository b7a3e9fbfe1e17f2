"""EventBridge's errors; texts are those of recorded answers where one is known.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "IllegalStatus",
    "Invalid",
    "InvalidEventPattern",
    "LimitExceeded",
    "PolicyLengthExceeded",
    "ResourceAlreadyExists",
    "ResourceNotFound",
]


class ResourceNotFound(AwsError):
    """A bus, a rule, an archive or a replay does not exist."""

    code = "ResourceNotFoundException"
    message = "{reason}"


class ResourceAlreadyExists(AwsError):
    """There is one of that name."""

    code = "ResourceAlreadyExistsException"
    message = "{what} {name} already exists."


class Invalid(AwsError):
    """A parameter is not acceptable."""

    code = "ValidationException"
    message = "{reason}"


class InvalidEventPattern(AwsError):
    """The event pattern cannot be read."""

    code = "InvalidEventPatternException"
    message = "Event pattern is not valid. Reason: {reason}"


class LimitExceeded(AwsError):
    """A quota is reached."""

    code = "LimitExceededException"
    message = "The requested resource exceeds the maximum number allowed."


class PolicyLengthExceeded(AwsError):
    """The policy of a bus is longer than 10 KiB."""

    code = "PolicyLengthExceededException"
    message = "Event bus policy length exceeds the limit of 10240 characters."


class IllegalStatus(AwsError):
    """The replay does not run."""

    code = "IllegalStatusException"
    message = "Replay {name} is not in a valid state for this operation."
