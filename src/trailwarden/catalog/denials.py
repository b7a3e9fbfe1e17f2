"""How services spell a denial.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from collections.abc import Mapping

__all__ = ["denial_code"]

_BY_FAMILY: Mapping[str, str] = {
    "ec2": "UnauthorizedOperation",
    "query": "AccessDenied",
    "rest-xml": "AccessDenied",
    "s3": "AccessDenied",
    "json": "AccessDeniedException",
    "rest-json": "AccessDeniedException",
    "cbor": "AccessDeniedException",
}
_BY_SERVICE: Mapping[str, str] = {"sns": "AuthorizationError", "sqs": "AccessDenied"}
"""https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html."""

_BY_OPERATION: Mapping[tuple[str, str], str] = {("cloudtrail-data", "PutAuditEvents"): "ChannelInsufficientPermission"}
"""https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_PutAuditEvents.html."""


def denial_code(service: str, operation: str, family: str) -> str:
    """The error code of a denial in a protocol family: `AccessDenied`, `AccessDeniedException`, `UnauthorizedOperation`."""
    return _BY_OPERATION.get((service, operation)) or _BY_SERVICE.get(service) or _BY_FAMILY.get(family, "AccessDenied")
