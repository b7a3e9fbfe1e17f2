"""AWS Config's exceptions. Every one answers with HTTP status 400.

https://docs.aws.amazon.com/config/latest/APIReference/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "InsufficientDeliveryPolicyException",
    "InvalidConfigurationRecorderNameException",
    "InvalidDeliveryChannelNameException",
    "InvalidLimitException",
    "InvalidNextTokenException",
    "InvalidRecordingGroupException",
    "InvalidRoleException",
    "InvalidS3KeyPrefixException",
    "InvalidSNSTopicARNException",
    "InvalidTimeRangeException",
    "LastDeliveryChannelDeleteFailedException",
    "MaxNumberOfConfigurationRecordersExceededException",
    "MaxNumberOfDeliveryChannelsExceededException",
    "NoAvailableConfigurationRecorderException",
    "NoAvailableDeliveryChannelException",
    "NoSuchBucketException",
    "NoSuchConfigurationRecorderException",
    "NoSuchDeliveryChannelException",
    "ResourceNotDiscoveredException",
    "ResourceNotFoundException",
    "TooManyTagsException",
    "ValidationException",
]


class InsufficientDeliveryPolicyException(AwsError):
    """The bucket's policy lets AWS Config not write."""

    message = (
        "Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket, "
        "provided s3 key prefix is '{prefix}'."
    )


class InvalidConfigurationRecorderNameException(AwsError):
    """The recorder's name is not valid."""

    message = "The configuration recorder name '{name}' is not valid, blank string."


class InvalidDeliveryChannelNameException(AwsError):
    """The channel's name is not valid."""

    message = "The delivery channel name '{name}' is not valid, blank string."


class InvalidLimitException(AwsError):
    """The limit is outside of the allowable range."""

    message = (
        "Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to {most}"
    )


class InvalidNextTokenException(AwsError):
    """The token is not one that an answer gave."""

    message = "The specified next token is not valid."


class InvalidRecordingGroupException(AwsError):
    """The recording group has members that do not go together."""

    message = "The recording group provided is not valid"


class InvalidRoleException(AwsError):
    """The role cannot be used."""

    message = "{reason}"


class InvalidS3KeyPrefixException(AwsError):
    """The key prefix is not valid."""

    message = "The s3 key prefix '{prefix}' is not valid."


class InvalidSNSTopicARNException(AwsError):
    """The topic does not exist."""

    message = "The sns topic arn '{arn}' is not valid."


class InvalidTimeRangeException(AwsError):
    """The earlier time is not before the later one."""

    message = "The earlier time cannot be after the later time."


class LastDeliveryChannelDeleteFailedException(AwsError):
    """The recorder runs, and this is its channel."""

    message = (
        "Failed to delete last specified delivery channel with name '{name}', "
        "because there is a running configuration recorder."
    )


class MaxNumberOfConfigurationRecordersExceededException(AwsError):
    """An account has one recorder a Region."""

    message = "Failed to put configuration recorder '{name}' because the maximum number of configuration recorders: 1 is reached."


class MaxNumberOfDeliveryChannelsExceededException(AwsError):
    """An account has one channel a Region."""

    message = "Failed to put delivery channel '{name}' because the maximum number of delivery channels: 1 is reached."


class NoAvailableConfigurationRecorderException(AwsError):
    """There is no recorder."""

    message = "{reason}"


class NoAvailableDeliveryChannelException(AwsError):
    """There is no channel to deliver through."""

    message = "Delivery channel is not available to start configuration recorder."


class NoSuchBucketException(AwsError):
    """The bucket does not exist."""

    message = "Cannot find a S3 bucket with name '{bucket}'."


class NoSuchConfigurationRecorderException(AwsError):
    """The recorder does not exist."""

    message = "Cannot find configuration recorder with the specified name '{name}'."


class NoSuchDeliveryChannelException(AwsError):
    """The channel does not exist."""

    message = "Cannot find delivery channel with specified name '{name}'."


class ResourceNotDiscoveredException(AwsError):
    """The resource is unknown or was never recorded."""

    message = "Resource {id} of resourceType:{type} is unknown or has not been discovered"


class ResourceNotFoundException(AwsError):
    """What is to be tagged does not exist."""

    message = "ResourceArn '{arn}' does not exist"


class TooManyTagsException(AwsError):
    """A resource can have no more than 50 tags."""

    message = "The resource has more than 50 tags."


class ValidationException(AwsError):
    """A parameter is not valid."""

    message = "{reason}"
