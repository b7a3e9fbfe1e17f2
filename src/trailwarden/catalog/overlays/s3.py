"""S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from trailwarden.catalog.actions import condition_keys
from trailwarden.catalog.asking import Ask, KeyValue, Rule, Target, Value, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_RENAMED: Mapping[str, str] = {
    "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetadataConfiguration": "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}

_VERSIONED = (
    "GetObjectAcl", "GetObjectTagging", "GetObjectTorrent", "GetObjectAnnotation",
    "PutObjectAcl", "PutObjectTagging", "PutObjectAnnotation", "DeleteObjectTagging", "DeleteObjectAnnotation",
    "ListObjectAnnotations",
)  # fmt: skip
"""Operations that are asked for as …Version… when they name a version."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "s3:prefix": ("Prefix",),
    "s3:delimiter": ("Delimiter",),
    "s3:max-keys": ("MaxKeys",),
    "s3:versionid": ("VersionId",),
    "s3:x-amz-acl": ("ACL",),
    "s3:x-amz-grant-full-control": ("GrantFullControl",),
    "s3:x-amz-grant-read": ("GrantRead",),
    "s3:x-amz-grant-read-acp": ("GrantReadACP",),
    "s3:x-amz-grant-write": ("GrantWrite",),
    "s3:x-amz-grant-write-acp": ("GrantWriteACP",),
    "s3:x-amz-storage-class": ("StorageClass",),
    "s3:x-amz-server-side-encryption": ("ServerSideEncryption",),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": ("SSEKMSKeyId",),
    "s3:x-amz-server-side-encryption-customer-algorithm": ("SSECustomerAlgorithm",),
    "s3:x-amz-copy-source": ("CopySource",),
    "s3:x-amz-metadata-directive": ("MetadataDirective",),
    "s3:x-amz-website-redirect-location": ("WebsiteRedirectLocation",),
    "s3:x-amz-object-ownership": ("ObjectOwnership",),
    "s3:x-amz-bucket-namespace": ("BucketNamespace",),
    "s3:object-lock-mode": ("ObjectLockMode", "Retention.Mode"),
    "s3:object-lock-legal-hold": ("ObjectLockLegalHoldStatus", "LegalHold.Status"),
    "s3:object-lock-retain-until-date": ("ObjectLockRetainUntilDate", "Retention.RetainUntilDate"),
    "s3:locationconstraint": ("CreateBucketConfiguration.LocationConstraint",),
    "s3:if-match": ("IfMatch",),
    "s3:if-none-match": ("IfNoneMatch",),
    "s3:x-amz-object-if-match": ("ObjectIfMatch",),
    "s3:annotation-prefix": ("AnnotationPrefix",),
    "s3:max-annotation-results": ("MaxAnnotationResults",),
    "s3:InventoryAccessibleOptionalFields": ("InventoryConfiguration.OptionalFields",),
}

_CREATES: Mapping[str, str] = {
    "PutObject": "true",
    "CopyObject": "true",
    "CompleteMultipartUpload": "true",
    "CreateMultipartUpload": "false",
    "UploadPart": "false",
    "UploadPartCopy": "false",
}
_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def _bucket_arn(ask: Ask, bucket: str) -> str:
    """The bucket, or the access point that stands in its place."""
    return bucket if bucket.startswith("arn:") else ask.arn(bucket or "*", service="s3", region="", account="")


def _object_arn(ask: Ask, bucket: str, key: str) -> str:
    between = "/object/" if bucket.startswith("arn:") else "/"
    return f"{_bucket_arn(ask, bucket)}{between}{key}"


def _quoted(resource: str) -> str:
    """S3's denials name the ARN in quotes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    return f'"{resource}"'


def _target(resource: str) -> Target:
    return Target(resource, _quoted(resource))


def _asked(action: str, resource: str, context: Mapping[str, Value]) -> Check:
    return Check(action=action, resource=resource, context=context, named=_quoted(resource))


def _bucket(ask: Ask) -> tuple[Target, ...]:
    return (_target(_bucket_arn(ask, ask.text("Bucket"))),)


def _object(ask: Ask) -> tuple[Target, ...]:
    return (_target(_here(ask)),)


def _here(ask: Ask) -> str:
    return _object_arn(ask, ask.text("Bucket"), ask.text("Key"))


def _nothing(_ask: Ask) -> tuple[Target, ...]:
    return ()


def _source(ask: Ask) -> Check:
    """The object that is copied: `bucket/key` or `arn/object/key`, percent-encoded, with `?versionId=` behind."""
    given, _, query = ask.text("CopySource").partition("?")
    given = unquote(given).removeprefix("/")
    version = next((value for name, value in parse_qsl(query) if name == "versionId"), "")
    if given.startswith("arn:"):
        resource = given
    else:
        bucket, _, key = given.partition("/")
        resource = _object_arn(ask, bucket, key)
    context = {"s3:versionid": version} if version else {}
    return _asked("s3:GetObjectVersion" if version else "s3:GetObject", resource, context)


def _tag_keys(ask: Ask) -> dict[str, Value]:
    """The tags an object is to get, from the header or from the body."""
    header = ask.text("Tagging")
    pairs = dict(parse_qsl(header, keep_blank_values=True)) if header else {}
    for tag in ask.at("Tagging.TagSet"):
        if isinstance(tag, Mapping):
            pairs[str(tag.get("Key", ""))] = str(tag.get("Value", ""))
    if not pairs:
        return {}
    return {f"s3:RequestObjectTag/{key}": value for key, value in pairs.items()} | {
        "s3:RequestObjectTagKeys": tuple(pairs)
    }


@lru_cache(maxsize=512)
def _offered(action: str) -> tuple[tuple[str, str, str], ...]:
    """The action's keys that members fill, with the path of each and the member it begins at."""
    return tuple(
        (member.partition(".")[0], key, member) for key in condition_keys(action) for member in _KEYS.get(key, ())
    )


def _context(ask: Ask, action: str) -> dict[str, Value]:
    """The keys that the reference lists for the action and the call fills."""
    found: dict[str, Value] = {}
    given = ask.params
    for first, key, member in _offered(action):
        if given.get(first) is not None:
            value = ask.value(member)
            if value is not None:
                found[key] = value
    offered = condition_keys(action)
    if "s3:RequestObjectTagKeys" in offered:
        found |= _tag_keys(ask)
    if "s3:ObjectCreationOperation" in offered and ask.operation in _CREATES:
        found["s3:ObjectCreationOperation"] = _CREATES[ask.operation]
    return found


def _check(ask: Ask, action: str, resource: str) -> Check:
    return _asked(action, resource, _context(ask, action))


def _extras(ask: Ask, resource: str, *, tagging: bool) -> Iterator[Check]:
    """What else a new object may carry: an ACL, tags, a retention, a legal hold."""
    for action, wanted in (
        ("s3:PutObjectAcl", any(ask.params.get(member) for member in _GRANTS)),
        ("s3:PutObjectTagging", tagging),
        (
            "s3:PutObjectRetention",
            bool(ask.params.get("ObjectLockMode") or ask.params.get("ObjectLockRetainUntilDate")),
        ),
        ("s3:PutObjectLegalHold", bool(ask.params.get("ObjectLockLegalHoldStatus"))),
    ):
        if wanted:
            yield _check(ask, action, resource)


def _put_object(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (Permissions)."""
    yield _check(ask, "s3:PutObject", _here(ask))
    yield from _extras(ask, _here(ask), tagging=bool(ask.params.get("Tagging")))


def _copy_object(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (Permissions)."""
    yield _source(ask)
    yield _check(ask, "s3:PutObject", _here(ask))
    yield from _extras(
        ask, _here(ask), tagging=bool(ask.params.get("Tagging")) and ask.text("TaggingDirective") == "REPLACE"
    )


def _upload_part_copy(ask: Ask) -> Iterator[Check]:
    yield _source(ask)
    yield _check(ask, "s3:PutObject", _here(ask))


def _get_object(ask: Ask) -> Iterator[Check]:
    yield _check(ask, "s3:GetObjectVersion" if ask.text("VersionId") else "s3:GetObject", _here(ask))


def _attributes(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html (Permissions)."""
    yield from _get_object(ask)
    version = "Version" if ask.text("VersionId") else ""
    yield _check(ask, f"s3:GetObject{version}Attributes", _here(ask))


def _delete_object(ask: Ask) -> Iterator[Check]:
    yield _check(ask, "s3:DeleteObjectVersion" if ask.text("VersionId") else "s3:DeleteObject", _here(ask))
    yield from _bypass(ask, _here(ask))


def _delete_objects(ask: Ask) -> Iterator[Check]:
    """One permission for each object, in the order given; whoever lacks one is refused that object alone.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    for index, item in enumerate(ask.at("Delete.Objects")):
        if isinstance(item, Mapping):
            version = item.get("VersionId")
            resource = _object_arn(ask, ask.text("Bucket"), str(item.get("Key", "")))
            context = {"s3:versionid": str(version)} if version else {}
            check = _asked("s3:DeleteObjectVersion" if version else "s3:DeleteObject", resource, context)
            for each in (check, *_bypass(ask, resource)):
                yield replace(each, item=index)
    if not any(ask.at("Delete.Objects")):
        yield _asked("s3:DeleteObject", _object_arn(ask, ask.text("Bucket"), "*"), {})


def _bypass(ask: Ask, resource: str) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes."""
    if ask.params.get("BypassGovernanceRetention") is True:
        yield _check(ask, "s3:BypassGovernanceRetention", resource)


def _retention(ask: Ask) -> Iterator[Check]:
    yield _check(ask, "s3:PutObjectRetention", _here(ask))
    yield from _bypass(ask, _here(ask))


def _create_bucket(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html (Permissions)."""
    resource = _bucket_arn(ask, ask.text("Bucket"))
    tags = tag_context(list(ask.at("CreateBucketConfiguration.Tags")))
    yield _asked("s3:CreateBucket", resource, _context(ask, "s3:CreateBucket") | tags)
    for action, wanted in (
        ("s3:PutBucketAcl", any(ask.params.get(member) for member in _GRANTS)),
        ("s3:PutBucketObjectLockConfiguration", ask.params.get("ObjectLockEnabledForBucket") is True),
        ("s3:PutBucketVersioning", ask.params.get("ObjectLockEnabledForBucket") is True),
        ("s3:PutBucketOwnershipControls", bool(ask.params.get("ObjectOwnership"))),
    ):
        if wanted:
            yield _check(ask, action, resource)
    if tags:
        yield _asked("s3:TagResource", resource, tags)


def _versioned(action: str) -> Rule:
    """The action, or its …Version… form where a version is named."""
    with_version = action.replace("Object", "ObjectVersion", 1)
    return lambda ask: (_check(ask, f"s3:{with_version if ask.text('VersionId') else action}", _here(ask)),)


def _replicated(ask: Ask) -> Iterator[Check]:
    for role in ask.texts("ReplicationConfiguration.Role"):
        yield Check(action="iam:PassRole", resource=role, context={"iam:PassedToService": "s3.amazonaws.com"})


def _first(members: tuple[str, ...]) -> KeyValue:
    return lambda ask: next((value for member in members if (value := ask.value(member)) is not None), None)


def _express(action: str) -> Rule:
    return lambda ask: (
        Check(
            action=f"s3express:{action}",
            resource=ask.arn(f"bucket/{ask.text('Bucket')}", service="s3express") if ask.text("Bucket") else "*",
        ),
    )


TABLES: Mapping[str, Overlay] = {
    "s3": Overlay(
        types={"bucket": _bucket, "object": _object, "accesspointobject": _nothing, "accesspoint": _nothing},
        actions={operation: f"s3:{action}" for operation, action in _RENAMED.items()},
        keys={key: _first(members) for key, members in _KEYS.items()},
        context=lambda ask: (
            {"s3:ObjectCreationOperation": _CREATES[ask.operation]} if ask.operation in _CREATES else {}
        ),
        more={"PutBucketReplication": _replicated},
        whole={
            **{operation: _versioned(operation) for operation in _VERSIONED},
            "PutObject": _put_object,
            "CreateMultipartUpload": _put_object,
            "CopyObject": _copy_object,
            "UploadPartCopy": _upload_part_copy,
            "GetObject": _get_object,
            "HeadObject": _get_object,
            "GetObjectAttributes": _attributes,
            "DeleteObject": _delete_object,
            "DeleteObjects": _delete_objects,
            "PutObjectRetention": _retention,
            "CreateBucket": _create_bucket,
            "ListDirectoryBuckets": _express("ListAllMyDirectoryBuckets"),
            "CreateSession": _express("CreateSession"),
            "RenameObject": _express("CreateSession"),
            "WriteGetObjectResponse": lambda _ask: (
                Check(action="s3-object-lambda:WriteGetObjectResponse", resource="*", named=None),
            ),
        },
        unnamed=None,
    )
}
