"""What a proposed configuration comes to: the resource's type and the policies that it would have.

https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Configuration.html
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import ANY, Layer, Source, compile_policy
from trailwarden.services.accessanalyzer.resources import Held

__all__ = ["proposed"]

Configuration = Mapping[str, Any]
Documents = Callable[[str, Configuration], Iterable[str]]

_EVERYONE = {
    "http://acs.amazonaws.com/groups/global/AllUsers": {"AWS": "*"},
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": {"AWS": "*"},
}
_ACL = {
    "READ": ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
    "WRITE": ["s3:PutObject", "s3:DeleteObject"],
    "READ_ACP": ["s3:GetBucketAcl"],
    "WRITE_ACP": ["s3:PutBucketAcl"],
}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions."""


def proposed(arn: str, account: str, configuration: Configuration, standing: Held | None) -> Iterator[Held]:
    """The resource once for each policy that it would have; a policy that is not proposed stays. MalformedPolicy."""
    ((kind, told),) = configuration.items()
    name, documents = _KINDS[kind]
    owner = (Arn.parse(arn) or Arn(service="", account="", resource="")).account or account
    there = False
    for text in documents(arn, told):
        there = True
        policy = compile_policy(text, Source(layer=Layer.RESOURCE, id=arn, attached_to=arn), grammar=ANY)
        yield Held(arn=arn, type=name, account=owner, policy=policy)
    if not there and standing is not None:
        yield standing


def _policy(member: str) -> Documents:
    return lambda _arn, told: [told[member]] if told.get(member) else []


def _key(arn: str, told: Configuration) -> Iterator[str]:
    yield from told.get("keyPolicies", {}).values()
    for grant in told.get("grants", ()):
        actions = [f"kms:{name}" for name in grant["operations"]]
        yield _document([_allow({"AWS": grant["granteePrincipal"]}, actions, arn)])


def _bucket(arn: str, told: Configuration) -> Iterator[str]:
    """The bucket's policy and its ACL, less what Block Public Access takes off.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    block = told.get("bucketPublicAccessBlock", {})
    if told.get("bucketPolicy"):
        text = told["bucketPolicy"]
        yield _unpublished(text) if block.get("restrictPublicBuckets") else text
    for grant in told.get("bucketAclGrants", ()):
        uri = grant["grantee"].get("uri", "")
        if uri and (uri not in _EVERYONE or block.get("ignorePublicAcls")):
            continue
        principal = _EVERYONE[uri] if uri else {"CanonicalUser": grant["grantee"]["id"]}
        kind = grant["permission"]
        actions = [name for names in _ACL.values() for name in names] if kind == "FULL_CONTROL" else _ACL[kind]
        yield _document([_allow(principal, actions, arn)])


def _snapshot(arn: str, told: Configuration) -> Iterator[str]:
    """A snapshot is shared with accounts, or with all."""
    accounts = [*told.get("userIds", ()), *("all" for group in told.get("groups", ()) if group == "all")]
    accounts += [each for attribute in told.get("attributes", {}).values() for each in attribute.get("accountIds", ())]
    action = "ec2:CreateVolume" if "userIds" in told or "groups" in told else "rds:RestoreDBInstanceFromDBSnapshot"
    for each in accounts:
        yield _document([_allow({"AWS": "*" if each == "all" else each}, [action], arn)])


def _unpublished(text: str) -> str:
    """The policy without statements for everybody; a restricted bucket serves its own account and AWS's services."""
    document = json.loads(text)
    statements = document.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    kept = [each for each in listed if each.get("Effect") != "Allow" or not _is_open(each.get("Principal"))]
    return json.dumps({**document, "Statement": kept or [_NOBODY]})


_NOBODY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
"""What stands for a policy that lets nobody in: one without any statement is malformed."""


def _is_open(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and principal.get("AWS") in ("*", ["*"]))


def _allow(principal: Mapping[str, str], actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource}


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


_KINDS: Mapping[str, tuple[str, Documents]] = {
    "dynamodbStream": ("AWS::DynamoDB::Stream", _policy("streamPolicy")),
    "dynamodbTable": ("AWS::DynamoDB::Table", _policy("tablePolicy")),
    "ebsSnapshot": ("AWS::EC2::Snapshot", _snapshot),
    "ecrRepository": ("AWS::ECR::Repository", _policy("repositoryPolicy")),
    "efsFileSystem": ("AWS::EFS::FileSystem", _policy("fileSystemPolicy")),
    "iamRole": ("AWS::IAM::Role", _policy("trustPolicy")),
    "kmsKey": ("AWS::KMS::Key", _key),
    "rdsDbClusterSnapshot": ("AWS::RDS::DBClusterSnapshot", _snapshot),
    "rdsDbSnapshot": ("AWS::RDS::DBSnapshot", _snapshot),
    "s3Bucket": ("AWS::S3::Bucket", _bucket),
    "s3ExpressDirectoryBucket": ("AWS::S3Express::DirectoryBucket", _policy("bucketPolicy")),
    "secretsManagerSecret": ("AWS::SecretsManager::Secret", _policy("secretPolicy")),
    "snsTopic": ("AWS::SNS::Topic", _policy("topicPolicy")),
    "sqsQueue": ("AWS::SQS::Queue", _policy("queuePolicy")),
}
