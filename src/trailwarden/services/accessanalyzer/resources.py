"""The resources whose policies are analyzed: buckets, KMS keys, topics and roles of an account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-resources.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trailwarden.auth.identities import ROLE
from trailwarden.policy import ANY, Layer, MalformedPolicy, Policy, Source, compile_policy
from trailwarden.services.kms.key import KEY, key_arn
from trailwarden.services.s3.bucket import BUCKET
from trailwarden.services.sns.topic import TOPIC
from trailwarden.services.world import World

__all__ = ["Held", "held_resources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A resource with its policy."""

    arn: str
    type: str
    account: str
    policy: Policy


def held_resources(world: World, account: str, region: str) -> Iterator[Held]:
    """What the account has in the Region; roles are analyzed with every Region's analyzer, as on AWS."""
    for arn, kind, text in _documents(world, account, region):
        try:
            policy = compile_policy(text, Source(layer=Layer.RESOURCE, id=arn, attached_to=arn), grammar=ANY)
        except MalformedPolicy:
            continue
        yield Held(arn=arn, type=kind, account=account, policy=policy)


def _documents(world: World, account: str, region: str) -> Iterator[tuple[str, str, str]]:
    for bucket in (document.body for document in world.list(BUCKET, "", "")):
        if bucket.account == account and bucket.region == region and bucket.policy:
            yield bucket.arn, "AWS::S3::Bucket", bucket.policy
    for role in (document.body for document in world.list(ROLE, account, "")):
        if not role.service:
            yield role.arn, "AWS::IAM::Role", role.trust
    for key in (document.body for document in world.list(KEY, account, region)):
        yield key_arn(account=account, region=region, key_id=key.id), "AWS::KMS::Key", key.policy
    for topic in (document.body for document in world.list(TOPIC, account, region)):
        yield topic.arn, "AWS::SNS::Topic", topic.policy
