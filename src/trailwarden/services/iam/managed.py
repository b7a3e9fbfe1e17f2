"""Managed policies by ARN: the account's own from the store, AWS's from the catalog, in one form.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
"""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.identities import GROUP, POLICY, ROLE, USER, Group, ManagedPolicy, PolicyVersion, Role, User
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import NoSuchEntity, PolicyNotFound
from trailwarden.services.world import World

__all__ = ["NotAttachable", "OwnedByAws", "attachable", "aws_policies", "count_attachment", "own_policy",
           "policy_named", "usage_of_aws_policies", "with_usage"]  # fmt: skip

_AWS = "arn:aws:iam::aws:policy/"


class NotAttachable(NoSuchEntity):
    """The policy to attach or to set as a boundary does not exist.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
    """

    message = "Policy {arn} does not exist or is not attachable."


class OwnedByAws(AwsError):
    """AWS managed policies cannot be changed by customers; the refusal is an access denial.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html#aws-managed-policies
    """

    code = "AccessDenied"
    message = "Policy {arn} is not modifiable: it is owned by AWS."
    status = 403


def policy_named(call: Call, world: World, arn: str) -> ManagedPolicy:
    """The policy, the account's own or AWS's, or PolicyNotFound. AWS's come without usage counts."""
    found = _find(call, world, arn)
    if found is None:
        raise PolicyNotFound(arn=arn)
    return found


def attachable(call: Call, world: World, arn: str) -> ManagedPolicy:
    """The policy, to be attached, or NotAttachable."""
    found = _find(call, world, arn)
    if found is None:
        raise NotAttachable(arn=arn)
    return found


def own_policy(call: Call, world: World, arn: str) -> ManagedPolicy:
    """The account's own policy, to be changed; OwnedByAws for AWS's."""
    policy = policy_named(call, world, arn)
    if arn.startswith(_AWS):
        raise OwnedByAws(arn=arn)
    return policy


def _find(call: Call, world: World, arn: str) -> ManagedPolicy | None:
    parsed = Arn.parse(arn)
    if parsed is None or parsed.service != "iam":
        raise ValidationException(reason="Invalid ARN:  Could not be parsed!")
    if parsed.account == "aws":
        return _aws_policy(arn)
    return world.find(POLICY, call.account, "", arn)


@lru_cache(maxsize=4096)
def _aws_policy(arn: str) -> ManagedPolicy | None:
    found = catalog.managed_policy(arn)
    return _stored_form(found) if found is not None else None


@lru_cache(maxsize=1)
def aws_policies() -> tuple[ManagedPolicy, ...]:
    """All of AWS's managed policies, in order of name."""
    return tuple(sorted(map(_stored_form, catalog.managed_policies()), key=lambda policy: policy.name.lower()))


def _stored_form(policy: "catalog.ManagedPolicy") -> ManagedPolicy:
    """An AWS managed policy in the form of the account's own; of its versions only the default one is known."""
    path, _, name = policy.arn.removeprefix(_AWS).rpartition("/")
    return ManagedPolicy(
        name=name,
        id=policy.id,
        arn=policy.arn,
        path=f"/{path}/" if path else "/",
        description=policy.description,
        created=policy.created,
        updated=policy.updated,
        default=policy.version,
        versions=(PolicyVersion(id=policy.version, document=policy.document, created=policy.updated),),
    )


def count_attachment(call: Call, world: World, arn: str, by: int) -> None:
    """Count an attachment more or less at a policy of the account's own; AWS's are counted when asked."""
    policy = world.find(POLICY, call.account, "", arn)
    if policy is not None:
        counted = msgspec.structs.replace(policy, attachments=max(policy.attachments + by, 0))
        world.put(POLICY, call.account, "", arn, counted)


def usage_of_aws_policies(call: Call, world: World) -> tuple[Counter[str], Counter[str]]:
    """How often AWS's policies are attached in the account, and how often they are boundaries."""
    attached: Counter[str] = Counter()
    bounding: Counter[str] = Counter()
    for entity in _entities(call, world):
        attached.update(arn for arn in entity.attached if arn.startswith(_AWS))
        if not isinstance(entity, Group):
            bounding.update([entity.boundary] if entity.boundary.startswith(_AWS) else ())
    return attached, bounding


def _entities(call: Call, world: World) -> Iterable[User | Group | Role]:
    for document in world.list(USER, call.account, ""):
        yield document.body
    for group in world.list(GROUP, call.account, ""):
        yield group.body
    for role in world.list(ROLE, call.account, ""):
        yield role.body


def with_usage(call: Call, world: World, policy: ManagedPolicy) -> ManagedPolicy:
    """The policy with its counts right, which the account's own always have."""
    if not policy.arn.startswith(_AWS):
        return policy
    attached, bounding = usage_of_aws_policies(call, world)
    return msgspec.structs.replace(policy, attachments=attached[policy.arn], boundary_usage=bounding[policy.arn])
