"""What authorization must know of a resource: whose it is, which policies hang on it, its tags.

Each service that has resource-based policies or taggable resources provides a function from ARN to facts; `app` hands
the table to `authorize`. So `auth` needs no service.
"""

from collections.abc import Callable, Mapping

import msgspec

from trailwarden.arn import Arn
from trailwarden.policy.request import ContextValue
from trailwarden.storage.ports import Reader

__all__ = ["FactsProvider", "ResourceFacts"]


class ResourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about one resource as it stands in the transaction.

    `account` is its owner. `policies` are the JSON documents of its resource-based policies, with the ARN each hangs on
    (for an S3 object: the bucket's policy and ARN). `tags` fill aws:ResourceTag and the service's own tag keys.
    `context` holds further condition keys that depend on the resource (s3:ResourceAccount …).
    `anonymous` tells whether an unsigned call may be evaluated at all.
    `arn` is the resource's canonical ARN where a client can name it otherwise (a KMS alias), else "".
    `region` is where a resource stands whose ARN does not say so (a bucket), else "".
    `organization` is the id of an organization whose accounts are all asked as owners: each holds a copy of an
    organization trail, and parts of an organization stand in no single member.
    `alias` tells that the ARN names something that merely stands for `arn`: what is asked of it is asked of it alone.
    `absent` tells that there is no such resource, though its account's policies decide who may learn so. `unusable` is
    the state that keeps the resource from being used (`Disabled`, `PendingDeletion`), else "".
    `blocks` holds S3's Block Public Access switches that are on, `grants` statements that ACLs or KMS grants amount to, as JSON documents.
    """

    account: str
    arn: str = ""
    policies: tuple[tuple[str, str], ...] = ()
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    context: Mapping[str, ContextValue] = msgspec.field(default_factory=dict)
    anonymous: bool = False
    region: str = ""
    alias: bool = False
    absent: bool = False
    unusable: str = ""
    organization: str = ""
    blocks: frozenset[str] = frozenset()
    grants: tuple[str, ...] = ()


FactsProvider = Callable[[Arn, Reader], ResourceFacts | None]
"""None where no such resource exists."""
