"""IAM's errors that several nouns share; those of one noun stand beside its operations.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "DeleteConflict",
    "EntityAlreadyExists",
    "GroupNotFound",
    "InvalidInput",
    "LimitExceeded",
    "MalformedPolicyDocument",
    "NoSuchEntity",
    "PolicyNotFound",
    "QuotaExceeded",
    "RoleNotFound",
    "UnmodifiableEntity",
    "UserNotFound",
]


class NoSuchEntity(AwsError):
    """What the request names does not exist."""

    code = "NoSuchEntity"
    status = 404


class UserNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html."""

    message = "The user with name {name} cannot be found."


class GroupNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html."""

    message = "The group with name {name} cannot be found."


class RoleNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html."""

    message = "The role with name {name} cannot be found."


class PolicyNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html."""

    message = "Policy {arn} was not found."


class EntityAlreadyExists(AwsError):
    """A name is taken."""

    code = "EntityAlreadyExists"
    status = 409


class LimitExceeded(AwsError):
    """A quota is used up.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """

    code = "LimitExceeded"
    status = 409


class QuotaExceeded(LimitExceeded):
    """The common wording: the quota's name and value."""

    message = "Cannot exceed quota for {quota}: {limit}"


class DeleteConflict(AwsError):
    """The entity still has something that must be removed first."""

    code = "DeleteConflict"
    message = "Cannot delete entity, {reason} first."
    status = 409


class MalformedPolicyDocument(AwsError):
    """A policy document is refused.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_policies.html
    """

    code = "MalformedPolicyDocument"
    message = "{reason}"


class InvalidInput(AwsError):
    """A member of the input is well-formed and yet not acceptable."""

    code = "InvalidInput"
    message = "{reason}"


class UnmodifiableEntity(AwsError):
    """Only the service that a service-linked role belongs to may change it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    """

    code = "UnmodifiableEntity"
    message = "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
