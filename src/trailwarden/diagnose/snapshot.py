"""Account data taken once and whole, so that many requests can be judged without asking again."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from trailwarden.arn import Arn
from trailwarden.diagnose.account import Account
from trailwarden.diagnose.data import FileData, LiveData, Unreadable

__all__ = ["snapshot"]

_KINDS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


def snapshot(data: LiveData | FileData) -> FileData:
    """What files of it would hold: identities, organization policies, and the policies of all buckets, keys, topics and stores.

    Raises Unreadable. A resource whose policy cannot be read is as one of files that nobody exported.
    """
    if isinstance(data, FileData):
        return data
    account = data.account("")
    if account is None:
        raise Unreadable("the account's identities cannot be read")
    return FileData(
        details=account,
        region=data.region,
        policies=dict(_policies(data)),
        organization=_organization(data, account),
        organization_named=data.organization_id(),
    )


def _organization(data: LiveData, account: Account) -> Mapping[str, Any] | None:
    """Nothing bears on the management account.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
    """
    if _manages(data, account.id):
        return dict.fromkeys(_KINDS, ())
    found = {kind: data.levels(account.id, kind) for kind in _KINDS}
    return None if None in found.values() else found


def _manages(data: LiveData, account: str) -> bool:
    try:
        described = data.clients.client("organizations").describe_organization()["Organization"]
    except (ClientError, BotoCoreError):
        return False
    return bool(described.get("MasterAccountId") == account)


def _policies(data: LiveData) -> Iterator[tuple[str, str]]:
    for holders in _HOLDERS:
        try:
            arns = list(holders(data.clients))
        except (ClientError, BotoCoreError):
            continue
        for arn in map(Arn.parse, arns):
            yield from (data.resource_policies(arn) or ()) if arn is not None else ()


def _buckets(clients: Any) -> Iterator[str]:
    for bucket in clients.client("s3").list_buckets()["Buckets"]:
        yield f"arn:aws:s3:::{bucket['Name']}"


def _listed(service: str, operation: str, member: str, arn: str) -> Callable[[Any], Iterator[str]]:
    def listed(clients: Any) -> Iterator[str]:
        for page in clients.client(service).get_paginator(operation).paginate():
            yield from (each[arn] for each in page[member])

    return listed


_HOLDERS: tuple[Callable[[Any], Iterator[str]], ...] = (
    _buckets,
    _listed("kms", "list_keys", "Keys", "KeyArn"),
    _listed("sns", "list_topics", "Topics", "TopicArn"),
    _listed("cloudtrail", "list_channels", "Channels", "ChannelArn"),
)
"""What lists the resources that have a policy of their own."""
