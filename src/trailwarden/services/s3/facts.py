"""What authorization must know of a bucket or an object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

import json
from functools import lru_cache

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.policy import ContextValue
from trailwarden.services.s3.acl_statements import bucket_statements, object_statements
from trailwarden.services.s3.bucket import BUCKET, Bucket, Grant
from trailwarden.services.s3.grants import is_public
from trailwarden.services.s3.public import names_everyone
from trailwarden.services.s3.stored import Stored, latest
from trailwarden.storage.ports import Reader

__all__ = ["s3_facts"]


def s3_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """Facts about `arn:aws:s3:::bucket` or `arn:aws:s3:::bucket/key`; None where there is no such bucket.

    An object that does not exist has its bucket's facts: a key to be written is asked about before it is there.
    Tags of a bucket count, for its objects too, only where it has attribute-based access control on.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
    """
    name, slash, key = arn.resource.partition("/")
    document = reader.get(BUCKET, "", "", name)
    if document is None:
        return None
    bucket = document.body
    stored = latest(reader, bucket, key) if key else None
    return _facts(bucket, stored, is_object=bool(slash))


def _facts(bucket: Bucket, stored: Stored | None, *, is_object: bool) -> ResourceFacts:
    foreign = stored is not None and bool(stored.owner) and bucket.acls_on
    account = stored.owner if stored is not None and foreign else bucket.account
    policy = _denials_of(bucket.policy) if foreign and bucket.policy else bucket.policy
    bucket_grants = (bucket.acl or ()) if bucket.acls_on else ()
    object_grants = (stored.acl or ()) if stored is not None and bucket.acls_on else ()
    context: dict[str, ContextValue] = {"s3:ResourceAccount": bucket.account}
    if bucket.abac:
        context |= {f"s3:BucketTag/{key}": value for key, value in bucket.tags.items()}
    if stored is not None:
        context |= {f"s3:ExistingObjectTag/{key}": value for key, value in stored.tags.items()}
    grants = bucket_statements(bucket, bucket_grants)
    if is_object:
        grants += object_statements(bucket, stored, object_grants)
    return ResourceFacts(
        account=account,
        region=bucket.region,
        policies=((bucket.arn, policy),) if policy else (),
        tags=bucket.tags if bucket.abac else {},
        context=context,
        anonymous=_may_be_anonymous(bucket, policy, (*bucket_grants, *object_grants)),
        blocks=frozenset(bucket.public_access_block or ()),
        grants=grants,
    )


def _may_be_anonymous(bucket: Bucket, policy: str, grants: tuple[Grant, ...]) -> bool:
    """Whether the policy, or a list that Block Public Access does not ignore, could let everybody in."""
    by_list = not bucket.blocks("IgnorePublicAcls") and is_public(grants)
    return by_list or bool(policy and names_everyone(policy))


@lru_cache(maxsize=256)
def _denials_of(text: str) -> str:
    """The policy without what it allows: of objects that others own, a bucket's owner can only deny.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-alternatives-guidelines.html
    """
    document = json.loads(text)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    denials = [statement for statement in statements if statement.get("Effect") == "Deny"]
    return json.dumps({**document, "Statement": denials}) if denials else ""
