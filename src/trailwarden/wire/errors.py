"""Refusals that stand before any service: what cannot be routed or read.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from collections.abc import Mapping
from typing import ClassVar

from trailwarden.errors import AwsError, ValidationException

__all__ = [
    "InvalidAction",
    "InvalidInputException",
    "InvalidParameterException",
    "MalformedQueryString",
    "MalformedXML",
    "MaxMessageLengthExceeded",
    "MethodNotAllowed",
    "MissingAction",
    "MissingParameter",
    "MissingRequiredParameter",
    "RequestEntityTooLarge",
    "RequestTimeout",
    "SerializationException",
    "UnknownOperation",
    "Unroutable",
    "ValidationException",
]


class MissingRequiredParameter(AwsError):
    """SQS's word for a required member that is not there.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
    """

    code = "MissingRequiredParameterException"
    codes: ClassVar[Mapping[str, str]] = {"query": "MissingParameter"}
    message = "The request must contain the parameter {name}."


class SerializationException(AwsError):
    """A JSON or CBOR body is not what the operation takes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html (SerializationException)
    """

    message = "{reason}"
    codes: ClassVar[Mapping[str, str]] = {
        "query": "MalformedInput",
        "ec2": "InvalidParameterValue",
        "rest-xml": "MalformedInput",
        "s3": "InvalidArgument",
    }


class InvalidParameterException(ValidationException):
    """A member of the input of CloudWatch Logs breaks a constraint of the model.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html#API_PutLogEvents_Errors
    """

    code = "InvalidParameterException"
    codes: ClassVar[Mapping[str, str]] = {}


class InvalidInputException(AwsError):
    """A member of the input of Organizations breaks a constraint of the model; the member Reason tells how.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html#API_DescribePolicy_Errors
    """

    message = "{text}"

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(members={"Reason": reason}, text=text)


class MalformedXML(AwsError):
    """An XML body is not well-formed, or not what the operation takes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """

    codes: ClassVar[Mapping[str, str]] = {"rest-xml": "MalformedInput"}
    message = "The XML you provided was not well-formed or did not validate against our published schema"


class MaxMessageLengthExceeded(AwsError):
    """An XML body is too large to be read.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """

    message = "Your request was too big."


class RequestTimeout(AwsError):
    """The rest of a request did not come in time.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """

    code = "RequestTimeoutException"
    codes: ClassVar[Mapping[str, str]] = {"s3": "RequestTimeout", "query": "RequestTimeout", "ec2": "RequestTimeout"}
    message = (
        "Your socket connection to the server was not read from or written to within the timeout period. "
        "Idle connections will be closed."
    )


class MalformedQueryString(AwsError):
    """The query string, or the form, has a syntax error.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """

    codes: ClassVar[Mapping[str, str]] = {"s3": "InvalidArgument", "json": "SerializationException"}
    message = "The query string contains a syntax error."


class InvalidAction(AwsError):
    """The service has no such action in that version.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """

    message = "Could not find operation {operation} for version {version}"


class MissingAction(AwsError):
    """A form names no action.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """

    message = "The request is missing an action or a required parameter."


class MissingParameter(AwsError):
    """EC2's word for a required member that is not there.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """

    message = "The request must contain the parameter {name}"


class UnknownOperation(AwsError):
    """The service has no such operation.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html (UnknownOperationException, 404)
    """

    code = "UnknownOperationException"
    codes: ClassVar[Mapping[str, str]] = {"query": "InvalidAction", "ec2": "InvalidAction", "s3": "MethodNotAllowed"}
    statuses: ClassVar[Mapping[str, int]] = {"query": 400, "ec2": 400, "s3": 405}
    status = 404
    message = "The requested operation is not recognized by the service."


class MethodNotAllowed(AwsError):
    """S3 has no operation of that method on such a resource.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """

    status = 405
    message = "The specified method is not allowed against this resource."


class Unroutable(AwsError):
    """Nothing in the request says for which service it is.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (MissingAuthenticationToken)
    """

    code = "MissingAuthenticationTokenException"
    codes: ClassVar[Mapping[str, str]] = {
        "query": "MissingAuthenticationToken",
        "ec2": "MissingAuthenticationToken",
        "s3": "AccessDenied",
    }
    status = 403
    message = "Missing Authentication Token"


class RequestEntityTooLarge(AwsError):
    """The body, or the head, is larger than this service takes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList (EntityTooLarge)
    """

    code = "RequestEntityTooLargeException"
    codes: ClassVar[Mapping[str, str]] = {"s3": "EntityTooLarge", "query": "RequestEntityTooLarge"}
    statuses: ClassVar[Mapping[str, int]] = {"s3": 400}
    status = 413
    message = "Your proposed upload exceeds the maximum allowed size"
