"""XML namespaces and root elements of answers, where the model does not say them."""

from collections.abc import Mapping
from functools import cache

from trailwarden.wire import library
from trailwarden.wire.model import Operation, Shape

__all__ = ["namespace_of", "root_of", "times_of"]

_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_S3_ROOTS: Mapping[str, str] = {
    "AbortMultipartUpload": "AbortMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CopyObject": "CopyObjectResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
    "UploadPartCopy": "CopyPartResult",
}
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html, "Response Syntax" of each."""

_TIMES: Mapping[str, str] = {"s3": "milliseconds", "ec2": "milliseconds", "iam": "seconds", "sts": "seconds"}


def times_of(service: str) -> str:
    """How a service writes ISO 8601: S3 and EC2 always with milliseconds, IAM and STS never, others as the value has them."""
    return _TIMES.get(service, "iso8601")


@cache
def namespace_of(service: str) -> str:
    """The namespace of a service's XML answers, or ""."""
    if service == "s3":
        return _S3_NAMESPACE
    model = library.model(service)
    if service == "ec2":
        return f"http://ec2.amazonaws.com/doc/{model.metadata['apiVersion']}/"
    if model.metadata.get("xmlNamespace"):
        return str(model.metadata["xmlNamespace"])
    for operation in model.operations.values():
        if operation.input is not None and operation.input.namespace is not None:
            return operation.input.namespace.uri
    return ""


def root_of(operation: Operation, shape: Shape) -> str:
    """The root element of a rest-xml answer whose body has that shape."""
    special = _S3_ROOTS.get(operation.name) if operation.model.service == "s3" else None
    return special or shape.wire_name or shape.name
