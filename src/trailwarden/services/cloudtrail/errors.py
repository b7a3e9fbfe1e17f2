"""CloudTrail's exceptions that more than one of its operations raise. Every one answers with HTTP status 400.

Texts are those seen in real answers where one is known, else AWS's own description of the exception.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
"""

from trailwarden.errors import AwsError

__all__ = [
    "ConflictException",
    "InsufficientEncryptionPolicyException",
    "InsufficientS3BucketPolicyException",
    "InsufficientSnsTopicPolicyException",
    "InvalidCloudWatchLogsLogGroupArnException",
    "InvalidCloudWatchLogsRoleArnException",
    "InvalidEventSelectorsException",
    "InvalidHomeRegionException",
    "InvalidKmsKeyIdException",
    "InvalidParameterCombinationException",
    "InvalidParameterException",
    "InvalidS3BucketNameException",
    "InvalidS3PrefixException",
    "InvalidSnsTopicNameException",
    "InvalidTagParameterException",
    "KmsException",
    "KmsKeyNotFoundException",
    "OperationNotPermittedException",
    "ResourceNotFoundException",
    "ResourceTypeNotSupportedException",
    "S3BucketDoesNotExistException",
    "TagsLimitExceededException",
    "TrailNotFoundException",
    "UnsupportedOperationException",
]


class ConflictException(AwsError):
    """The resource is not ready for the operation."""

    message = "{reason}"


class InsufficientEncryptionPolicyException(AwsError):
    """The bucket's or the key's policy is not sufficient; AWS never tells which of the two."""

    message = "Insufficient permissions to access S3 bucket {bucket} or KMS key {key}."


class InsufficientS3BucketPolicyException(AwsError):
    """The policy on the S3 bucket is not sufficient."""

    message = "Incorrect S3 bucket policy is detected for bucket: {bucket}"


class InsufficientSnsTopicPolicyException(AwsError):
    """The SNS topic is missing, or its policy does not let CloudTrail publish."""

    message = "SNS Topic does not exist or the topic policy is incorrect!"


class InvalidCloudWatchLogsLogGroupArnException(AwsError):
    """The log group cannot be written to; also raised where the delivery role lacks permissions."""

    message = "{reason}"


class InvalidCloudWatchLogsRoleArnException(AwsError):
    """The delivery role cannot be used."""

    message = "{reason}"


class InvalidEventSelectorsException(AwsError):
    """The event selectors are not a valid combination."""

    message = "{reason}"


class InvalidHomeRegionException(AwsError):
    """The operation was called on a trail from a Region other than the one in which the trail was created."""

    message = "The trail {arn} can only be changed from its home Region, {home}."


class InvalidKmsKeyIdException(AwsError):
    """The KMS key ARN, id or alias is not valid."""

    message = "The KMS key ID {key} is not valid."


class InvalidParameterCombinationException(AwsError):
    """The parameters do not go together."""

    message = "{reason}"


class InvalidParameterException(AwsError):
    """A parameter is not valid."""

    message = "{reason}"


class InvalidS3BucketNameException(AwsError):
    """The S3 bucket name is not valid."""

    message = "Bucket name {bucket} is not valid."


class InvalidS3PrefixException(AwsError):
    """The S3 key prefix is not valid."""

    message = "The S3 prefix {prefix} is not valid."


class InvalidSnsTopicNameException(AwsError):
    """The SNS topic name or ARN is not valid."""

    message = "SNS topic name {topic} is not valid."


class InvalidTagParameterException(AwsError):
    """A tag key or value is not valid, or a key is given twice."""

    message = "{reason}"


class KmsException(AwsError):
    """The key is disabled, about to be deleted, or no symmetric encryption key."""

    message = "The KMS key {key} cannot be used: it must be an enabled symmetric encryption key."


class KmsKeyNotFoundException(AwsError):
    """The KMS key does not exist, or the bucket and the key are in different Regions."""

    message = "The KMS key {key} does not exist or is not in the Region of the S3 bucket."


class OperationNotPermittedException(AwsError):
    """The requested operation is not permitted."""

    message = "{reason}"


class ResourceNotFoundException(AwsError):
    """No resource of that ARN exists."""

    message = "Resource not found: {arn}"


class ResourceTypeNotSupportedException(AwsError):
    """The operation does not take resources of this type."""

    message = "The resource type of {arn} is not supported by this operation."


class S3BucketDoesNotExistException(AwsError):
    """The bucket does not exist."""

    message = "S3 bucket {bucket} does not exist!"


class TagsLimitExceededException(AwsError):
    """More than 50 tags on one resource."""

    message = "The number of tags per trail, event data store, dashboard, or channel has exceeded the permitted amount. Currently, the limit is {limit}."


class TrailNotFoundException(AwsError):
    """No trail of that ARN exists for the account."""

    message = "Unknown trail: {arn} for the user: {account}"


class UnsupportedOperationException(AwsError):
    """The requested operation is not supported."""

    message = "{reason}"
