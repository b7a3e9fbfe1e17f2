"""What authorization must know of IAM's own resources: whose they are, and their tags.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.identities import ACCOUNT, GROUP, POLICY, ROLE, USER
from trailwarden.services.iam.delegation_request import REQUEST
from trailwarden.services.iam.identity_providers import OIDC, SAML
from trailwarden.services.iam.instance_profiles import PROFILE
from trailwarden.services.iam.mfa import DEVICE
from trailwarden.services.iam.server_certificates import SERVER_CERTIFICATE
from trailwarden.storage.ports import Kind, Reader

__all__ = ["iam_facts"]

T = TypeVar("T", bound=msgspec.Struct)

Find = Callable[[Arn, Reader], Mapping[str, str] | None]
"""The tags of a resource, None where it does not exist."""


def iam_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """The facts of a user, group, role, policy, instance profile, MFA device or identity provider.

    The tags fill both aws:ResourceTag and iam:ResourceTag.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    """
    if arn.resource == "root":
        return _root(arn, reader)
    if arn.type == "delegation-request":
        return _delegation(arn, reader)
    find = _FIND.get(arn.type)
    tags = find(arn, reader) if find is not None else None
    return None if tags is None else ResourceFacts(account=arn.account, tags=tags)


def _root(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A member's root user is its organization's to be assumed for a task.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
    """
    account = reader.get(ACCOUNT, arn.account, "", arn.account)
    if account is None:
        return None
    return ResourceFacts(account=arn.account, organization=account.body.organization)


def _delegation(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """Whoever has taken a request on may look at it, and pass it on, whatever its own policies say.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
    """
    document = reader.get(REQUEST, "", "", arn.name)
    if document is None or document.body.owner_account not in {"", arn.account}:
        return None
    owner = document.body.owner
    policy = {"Effect": "Allow", "Principal": {"AWS": owner}, "Action": _OWNERS, "Resource": str(arn)}
    text = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    return ResourceFacts(account=arn.account, policies=((str(arn), text),) if owner else ())


def _by_name(kind: Kind[T]) -> Find:
    def find(arn: Arn, reader: Reader) -> Mapping[str, str] | None:
        return _tags(reader, kind, arn.account, arn.name.lower())

    return find


def _by_arn(kind: Kind[T]) -> Find:
    def find(arn: Arn, reader: Reader) -> Mapping[str, str] | None:
        return _tags(reader, kind, arn.account, str(arn))

    return find


def _tags(reader: Reader, kind: Kind[T], account: str, name: str) -> Mapping[str, str] | None:
    document = reader.get(kind, account, "", name)
    return getattr(document.body, "tags", {}) if document else None


_OWNERS = ["iam:GetDelegationRequest", "iam:UpdateDelegationRequest", "iam:GetHumanReadableSummary"]
"""What the documentation of the operations calls a default permission of the owner."""

_FIND: Mapping[str, Find] = {
    "user": _by_name(USER),
    "group": _by_name(GROUP),
    "role": _by_name(ROLE),
    "instance-profile": _by_name(PROFILE),
    "server-certificate": _by_name(SERVER_CERTIFICATE),
    "policy": _by_arn(POLICY),
    "mfa": _by_arn(DEVICE),
    "oidc-provider": _by_arn(OIDC),
    "saml-provider": _by_arn(SAML),
}
