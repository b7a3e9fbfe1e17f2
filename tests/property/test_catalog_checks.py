"""Whatever the members are, a call has checks or is unknown; nothing else is raised, and nothing is allowed unasked."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trailwarden.catalog import UnknownAction, checks_of
from trailwarden.catalog.operations import service_facts

SERVICES = (
    "cloudtrail", "iam", "sts", "organizations", "s3", "logs", "config", "sns", "kms", "events", "sqs", "lambda", "dynamodb", "ssm",
)  # fmt: skip
MEMBERS = (
    "Name", "TrailName", "ResourceId", "TagsList", "Tags", "EventDataStore", "QueryStatement", "UserName", "RoleName", "PolicyArn",
    "Path", "RoleArn", "Bucket", "Key", "CopySource", "Tagging", "Delete", "VersionId", "KeyId", "Constraints", "EventPattern",
    "EventBusName", "Entries", "QueueUrl", "TaskHandle", "TopicArn", "SubscriptionArn", "PolicyId", "TargetId", "logGroupName",
    "logGroupIdentifier", "FunctionName", "Statement", "RequestItems", "Destinations", "SerialNumber", "DeletionTaskId", "Url",
)  # fmt: skip

texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["arn:", "arn:aws:iam::123456789012:user/a", "a:b:c:d:e:f:g", "{}", "{0}", "%", "?versionId=", "[[[", "*"]
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.binary(max_size=4), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["Key", "Value", "Objects", "TagSet", "VersionId", "source", "EventBusName"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
OPERATIONS = [
    (service, operation)
    for service in SERVICES
    if (facts := service_facts(service)) is not None
    for operation in facts.operations
]


@given(st.sampled_from(OPERATIONS), st.dictionaries(st.sampled_from(MEMBERS), values, max_size=6))
def test_any_members_give_checks_or_unknown(operation: tuple[str, str], params: dict[str, Any]) -> None:
    try:
        checks = checks_of(*operation, params, account="123456789012", region="us-east-1")
    except UnknownAction:
        return
    assert checks
    for check in checks:
        assert ":" in check.action
        assert isinstance(check.resource, str)
        for value in check.context.values():
            assert isinstance(value, str) or all(isinstance(one, str) for one in value)
