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

__all__ = ["NotAttachable", "OwnedByAws", "ServiceRolePolicy", "attachable", "aws_policies", "count_attachment", "own_policy",
           "policy_named", "usage_of_aws_policies", "with_usage"]  # fmt: skip

_AWS = "arn:aws:iam::aws:policy/"
_LINKED = "/aws-service-role/"


class NotAttachable(NoSuchEntity):
    """The policy to attach or to set as a boundary does not exist.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
    """

    message = "Policy {arn} does not exist or is not attachable."


class ServiceRolePolicy(AwsError):
    """Policies of service-linked roles hang on those alone.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """

    code = "PolicyNotAttachable"
    message = "Cannot attach a Service Role Policy to a Customer Role."


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
    """The policy, to be attached; NotAttachable where there is none, ServiceRolePolicy for one of a linked role."""
    found = _find(call, world, arn)
    facts = catalog.managed_policy(arn) if arn.startswith(_AWS) else None
    if found is None or (facts is not None and not facts.attachable):
        raise NotAttachable(arn=arn)
    if facts is not None and found.path.startswith(_LINKED):
        raise ServiceRolePolicy
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
    """An AWS managed policy with the documents of all its known versions."""
    found = catalog.managed_policy(arn)
    if found is None:
        return None
    versions = (
        PolicyVersion(id=version_id, document=version.document, created=version.created)
        for version_id, version in found.versions.items()
    )
    return msgspec.structs.replace(_stored_form(found), versions=tuple(versions))


@lru_cache(maxsize=1)
def aws_policies() -> tuple[ManagedPolicy, ...]:
    """All of AWS's managed policies that can be attached, without their versions, whose documents are large."""
    return tuple(map(_stored_form, catalog.managed_policies()))


def _stored_form(policy: catalog.ManagedFacts) -> ManagedPolicy:
    """An AWS managed policy in the form of the account's own, as yet without versions."""
    return ManagedPolicy(
        name=policy.name,
        id=policy.id,
        arn=policy.arn,
        path=policy.path,
        description=policy.description,
        created=policy.created,
        updated=policy.updated,
        default=policy.default_version,
        versions=(),
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
