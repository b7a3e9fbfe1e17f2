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
    Tags of buckets count only where the bucket has attribute-based access control on.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
    """
    name, slash, key = arn.resource.partition("/")
    document = reader.get(BUCKET, "", "", name)
    if document is None:
        return None
    bucket = document.body
    stored = latest(reader, bucket, key) if slash and key and not _is_pattern(key) else None
    return _facts(bucket, stored, is_object=bool(slash))


def _is_pattern(key: str) -> bool:
    return key == "*"


def _facts(bucket: Bucket, stored: Stored | None, *, is_object: bool) -> ResourceFacts:
    foreign = stored is not None and bool(stored.owner) and bucket.acls_on
    account = stored.owner if stored is not None and foreign else bucket.account
    policy = _denials_of(bucket.policy) if foreign and bucket.policy else bucket.policy
    bucket_grants, object_grants = _counted_grants(bucket, stored)
    context: dict[str, ContextValue] = {"s3:ResourceAccount": bucket.account}
    if stored is not None:
        context |= {f"s3:ExistingObjectTag/{key}": value for key, value in stored.tags.items()}
    grants = bucket_statements(bucket, bucket_grants)
    if is_object:
        grants += object_statements(bucket, stored, object_grants)
    return ResourceFacts(
        account=account,
        policies=((policy, bucket.arn),) if policy else (),
        tags=bucket.tags if bucket.abac and not is_object else {},
        context=context,
        anonymous=bool(policy and names_everyone(policy)) or is_public((*bucket_grants, *object_grants)),
        blocks=frozenset(bucket.public_access_block or ()),
        grants=grants,
    )


def _counted_grants(bucket: Bucket, stored: Stored | None) -> tuple[tuple[Grant, ...], tuple[Grant, ...]]:
    """The grants of the bucket's and the object's lists that have effect: none with ACLs off, none public if ignored."""
    if not bucket.acls_on:
        return (), ()
    lists = (bucket.acl or (), (stored.acl or ()) if stored is not None else ())
    if not bucket.blocks("IgnorePublicAcls"):
        return lists
    return _private(lists[0]), _private(lists[1])


def _private(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if not is_public((grant,)))


@lru_cache(maxsize=256)
def _denials_of(text: str) -> str:
    """The policy without what it allows: of objects that others own, a bucket's owner can only deny.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-alternatives-guidelines.html
    """
    document = json.loads(text)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    denials = [statement for statement in statements if statement.get("Effect") == "Deny"]
    return json.dumps({**document, "Statement": denials}) if denials else ""
