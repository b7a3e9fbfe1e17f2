"""How CloudTrail records operations: where from, under which name, reading or writing, as management or data event.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Mapping
from functools import lru_cache

from trailwarden.catalog.actions import action
from trailwarden.catalog.operations import operation_row, service_facts
from trailwarden.catalog.overlay import overlay_of
from trailwarden.catalog.passing import service_principal as principal_of

__all__ = [
    "api_version",
    "data_event",
    "event_name",
    "event_source",
    "event_version",
    "is_global",
    "read_only",
    "recorded_code",
    "service_principal",
]

_SOURCES: Mapping[str, str] = {
    "application-signals": "applicationsignals.amazonaws.com",
    "cloudwatch": "monitoring.amazonaws.com",
    "iam-toolbox": "iam.amazonaws.com",
    "mq": "amazonmq.amazonaws.com",
    "rds-data": "rdsdata.amazonaws.com",
    "trailwarden": "trailwarden",
}

_NAMES: Mapping[tuple[str, str], str] = {
    ("s3", "DeleteBucketAnalyticsConfiguration"): "DeleteAnalyticsConfiguration",
    ("s3", "DeleteBucketInventoryConfiguration"): "DeleteInventoryConfiguration",
    ("s3", "DeleteBucketMetricsConfiguration"): "DeleteMetricsConfiguration",
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "GetBucketAccelerateConfiguration"): "GetAccelerateConfiguration",
    ("s3", "GetBucketAnalyticsConfiguration"): "GetAnalyticsConfiguration",
    ("s3", "GetBucketInventoryConfiguration"): "GetInventoryConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "GetBucketLifecycle",
    ("s3", "GetBucketMetricsConfiguration"): "GetMetricsConfiguration",
    ("s3", "GetBucketNotificationConfiguration"): "GetBucketNotification",
    ("s3", "GetObjectLockConfiguration"): "GetBucketObjectLockConfiguration",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "ListObjectsV2"): "ListObjects",
    ("s3", "PutBucketAccelerateConfiguration"): "PutAccelerateConfiguration",
    ("s3", "PutBucketAnalyticsConfiguration"): "PutAnalyticsConfiguration",
    ("s3", "PutBucketInventoryConfiguration"): "PutInventoryConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketMetricsConfiguration"): "PutMetricsConfiguration",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
    ("s3", "PutObjectLockConfiguration"): "PutBucketObjectLockConfiguration",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
}

_LAMBDA_DATES: Mapping[str, tuple[str, ...]] = {
    "20150331": (
        "CreateAlias", "CreateEventSourceMapping", "CreateFunction", "DeleteAlias", "DeleteEventSourceMapping", "DeleteFunction",
        "GetAlias", "GetEventSourceMapping", "ListAliases", "ListEventSourceMappings", "ListFunctions", "ListVersionsByFunction",
        "PublishVersion", "UpdateAlias", "UpdateEventSourceMapping",
    ),
    "20150331v2": (
        "AddPermission", "GetFunction", "GetFunctionConfiguration", "GetPolicy", "RemovePermission", "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ),
    "20160819": ("GetAccountSettings",),
    "20170331": ("ListTags",),
    "20170331v2": ("TagResource", "UntagResource"),
    "20171031": ("DeleteFunctionConcurrency", "PutFunctionConcurrency"),
    "20181031": (
        "AddLayerVersionPermission", "DeleteLayerVersion", "GetLayerVersion", "GetLayerVersionPolicy", "ListLayers",
        "ListLayerVersions", "PublishLayerVersion", "RemoveLayerVersionPermission",
    ),
}  # fmt: skip
"""https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html."""

_DATED: Mapping[str, str] = {name: name + date for date, names in _LAMBDA_DATES.items() for name in names}

_VERSIONS: Mapping[str, str] = {
    "cloudfront": "2020_05_31",
    "dynamodb": "2012-08-10",
    "elb": "2012-06-01",
    "elbv2": "2015-12-01",
    "logs": "20140328",
    "route53": "2013-04-01",
}
"""apiVersion of the few services that write it into their records."""

_READING: Mapping[str, bool] = {
    "bedrock-runtime:InvokeModel": True,
    "bedrock-runtime:InvokeModelWithResponseStream": True,
    "cognito-identity:GetCredentialsForIdentity": False,
    "kms:Decrypt": True,
    "kms:Encrypt": True,
    "kms:GenerateDataKey": True,
    "kms:GenerateDataKeyPair": True,
    "kms:GenerateDataKeyPairWithoutPlaintext": True,
    "kms:GenerateDataKeyWithoutPlaintext": True,
    "kms:GenerateMac": True,
    "kms:GenerateRandom": True,
    "kms:ReEncrypt": True,
    "kms:Sign": True,
    "kms:Verify": True,
    "kms:VerifyMac": True,
    "s3:CopyObject": False,
    "sts:AssumeRole": True,
    "sts:AssumeRoleWithSAML": True,
    "sts:AssumeRoleWithWebIdentity": True,
    "sts:AssumeRoot": True,
    "sts:GetFederationToken": False,
}
"""Where CloudTrail's readOnly is not the access level of the reference, as seen in records."""

_READ_VERBS = (
    "Get",
    "List",
    "Describe",
    "Head",
    "BatchGet",
    "Search",
    "Select",
    "Lookup",
    "Query",
    "Scan",
    "TransactGet",
)

_S3_OBJECT = "AWS::S3::Object"
_S3_OBJECTS = (
    "AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject",
    "DeleteObjectTagging", "DeleteObjects", "GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold",
    "GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "HeadBucket", "HeadObject", "ListMultipartUploads",
    "ListObjectVersions", "ListObjects", "ListObjectsV2", "ListParts", "PutObject", "PutObjectAcl", "PutObjectLegalHold",
    "PutObjectRetention", "PutObjectTagging", "RestoreObject", "SelectObjectContent", "UploadPart", "UploadPartCopy",
)  # fmt: skip
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html (data events)."""

_DATA: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "s3": (_S3_OBJECT, _S3_OBJECTS),
    "lambda": ("AWS::Lambda::Function", ("Invoke", "InvokeAsync", "InvokeWithResponseStream")),
    "dynamodb": (
        "AWS::DynamoDB::Table",
        ("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem", "ExecuteStatement", "ExecuteTransaction",
         "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem"),
    ),
    "cloudtrail-data": ("AWS::CloudTrail::Channel", ("PutAuditEvents",)),
    "sns": ("AWS::SNS::Topic", ("Publish", "PublishBatch")),
    "sqs": (
        "AWS::SQS::Queue",
        ("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch",
         "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListQueueTags", "ListQueues",
         "ReceiveMessage", "SendMessage", "SendMessageBatch"),
    ),
    "logs": (
        "AWS::Logs::LogGroup",
        ("FilterLogEvents", "GetLogEvents", "GetLogObject", "GetLogRecord", "PutLogEvents", "StartLiveTail"),
    ),
    "events": ("AWS::Events::EventBus", ("PutEvents",)),
    "kinesis": (
        "AWS::Kinesis::Stream",
        ("GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard"),
    ),
    "sagemaker-runtime": ("AWS::SageMaker::Endpoint", ("InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream")),
}  # fmt: skip
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html."""

_EVERYWHERE = frozenset({
    "account", "budgets", "ce", "cloudfront", "iam", "iam-toolbox", "importexport", "organizations", "route53", "route53domains",
    "shield", "support", "waf",
})  # fmt: skip
_RECORDED: Mapping[str, str] = {
    "AccessDeniedException": "AccessDenied",
    "EntityTemporarilyUnmodifiable": "EntityTemporarilyUnmodifiableException",
    "NoSuchEntity": "NoSuchEntityException",
    "EntityAlreadyExists": "EntityAlreadyExistsException",
    "DeleteConflict": "DeleteConflictException",
    "LimitExceeded": "LimitExceededException",
    "MalformedPolicyDocument": "MalformedPolicyDocumentException",
    "InvalidInput": "InvalidInputException",
}


def event_source(service: str) -> str:
    """The eventSource of a service by botocore's directory name: `cloudtrail.amazonaws.com`."""
    facts = service_facts(service)
    return _SOURCES.get(service) or (facts.source if facts else f"{service}.amazonaws.com")


def event_name(service: str, operation: str) -> str:
    """The eventName of an operation; a few differ from the model's name."""
    if service == "lambda":
        return _DATED.get(operation, operation)
    return _NAMES.get((service, operation), operation)


def api_version(service: str, operation: str) -> str | None:
    """The record's apiVersion, None where the service writes none (most do not)."""
    return _VERSIONS.get(service) if operation else None


event_version = api_version


@lru_cache(maxsize=8192)
def read_only(service: str, operation: str) -> bool:
    """The record's readOnly: the action's access level, save for what records are known to say otherwise."""
    known = _READING.get(f"{service}:{operation}")
    if known is not None:
        return known
    row = operation_row(service, operation)
    overlay = overlay_of(service)
    facts = action(overlay.actions.get(operation) or (row.action if row else ""))
    if facts is not None and operation not in overlay.whole:
        return facts.read_only
    return operation.startswith(_READ_VERBS)


def data_event(service: str, operation: str) -> str | None:
    """The resources.type of an operation that is recorded as data event, None for management events."""
    kind, operations = _DATA.get(service, ("", ()))
    return kind if operation in operations else None


def is_global(service: str) -> bool:
    """Whether the service is one for all Regions, so that its events are of us-east-1.

    STS is not among them: a call to a Regional endpoint is an event of that Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
    """
    return service in _EVERYWHERE


def recorded_code(code: str) -> str:
    """The errorCode of a record from the code on the wire: a denial is `AccessDenied`, IAM's codes gain `Exception`."""
    return _RECORDED.get(code, code)


def service_principal(service: str) -> str:
    """The principal under which a service assumes roles: `cloudtrail.amazonaws.com`, `states.amazonaws.com`."""
    return principal_of(service, event_source(service))
