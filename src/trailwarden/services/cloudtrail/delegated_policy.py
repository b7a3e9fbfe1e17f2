"""What CloudTrail lets delegated administrators do with an organization's event data store.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-organizations.html
"""

import json
from collections.abc import Sequence

from trailwarden.auth.organization import DelegatedAdministrator
from trailwarden.lake.store import EventDataStore
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.storage.ports import Document

__all__ = ["delegated_policy"]

_ACTIONS = (
    "AddTags",
    "CancelQuery",
    "DeleteEventDataStore",
    "DescribeQuery",
    "DisableFederation",
    "EnableFederation",
    "GenerateQuery",
    "GenerateQueryResultsSummary",
    "GetEventConfiguration",
    "GetEventDataStore",
    "GetInsightSelectors",
    "GetQueryResults",
    "ListQueries",
    "ListTags",
    "RemoveTags",
    "RestoreEventDataStore",
    "StartEventDataStoreIngestion",
    "StartQuery",
    "StopEventDataStoreIngestion",
    "UpdateEventDataStore",
)


def delegated_policy(store: EventDataStore, administrators: Sequence[Document[DelegatedAdministrator]]) -> str:
    """The policy as JSON; "" where the store is no organization's or nobody is delegated for CloudTrail."""
    accounts = [document.name for document in administrators if SERVICE in document.body.services]
    if not store.organization or not accounts:
        return ""
    statement = {
        "Sid": "DelegatedAdminAccess",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
        "Action": [f"cloudtrail:{name}" for name in _ACTIONS],
        "Resource": store.arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
