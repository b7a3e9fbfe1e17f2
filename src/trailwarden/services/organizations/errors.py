"""Exceptions of Organizations that more than one of its operations raise. Every one answers with HTTP status 400.

Where a real answer's text is known it stands here, else AWS's description of the exception or of its reason.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ConstraintViolationException.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "AWSOrganizationsNotInUseException",
    "AccessDeniedException",
    "AccountNotFoundException",
    "ConstraintViolationException",
    "HandshakeConstraintViolationException",
    "InvalidInputException",
    "MasterCannotLeaveOrganizationException",
    "OrganizationalUnitNotFoundException",
    "ParentNotFoundException",
    "PolicyNotFoundException",
    "PolicyTypeNotAvailableForOrganizationException",
    "PolicyTypeNotEnabledException",
    "TargetNotFoundException",
]

_VIOLATED = {
    "ACCOUNT_CANNOT_LEAVE_ORGANIZATION": "The management account cannot leave the organization.",
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of AWS accounts.",
    "CANNOT_CLOSE_MANAGEMENT_ACCOUNT": "You cannot close the management account.",
    "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": (
        "You cannot register master account/yourself as delegated administrator for your organization."
    ),
    "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR": (
        "You cannot register a suspended account as a delegated administrator."
    ),
    "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG": (
        "You cannot remove an account that is registered as a delegated administrator for a service. "
        "To complete this operation, you must first deregister this account as a delegated administrator."
    ),
    "CLOSE_ACCOUNT_QUOTA_EXCEEDED": "You have exceeded close account quota for the past 30 days.",
    "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED": (
        "You have exceeded the allowed number of delegated administrators for the delegated service."
    ),
    "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You have attached the maximum number of policies of this type to the specified target."
    ),
    "MAX_TAG_LIMIT_EXCEEDED": "You have exceeded the number of tags allowed on this resource.",
    "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You cannot remove the last policy attached to the specified target. "
        "You must have at least one attached at all times."
    ),
    "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE": (
        "This operation can be called only for organizations with all features enabled."
    ),
    "OU_DEPTH_LIMIT_EXCEEDED": "You have exceeded the allowed depth of organizational units.",
    "OU_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of organizational units.",
    "POLICY_CONTENT_LIMIT_EXCEEDED": "You have exceeded the maximum policy size.",
    "POLICY_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of policies.",
    "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS": (
        "You cannot delete organization due to an ongoing responsibility transfer process."
    ),
    "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED": (
        "To complete this operation, the management account must have an associated account "
        "in the AWS GovCloud (US-West) Region."
    ),
    "RESPONSIBILITY_TRANSFER_MAX_INBOUND_QUOTA_VIOLATION": "You have exceeded your inbound transfers limit.",
    "RESPONSIBILITY_TRANSFER_MAX_OUTBOUND_QUOTA_VIOLATION": "You have exceeded your outbound transfers limit.",
    "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED": "You cannot update this transfer because it is no longer active.",
    "SERVICE_ACCESS_NOT_ENABLED": (
        "You must enable service access for the service before you register a delegated administrator for it."
    ),
}

_INVALID = {
    "DUPLICATE_TAG_KEY": "Tag keys must be unique among the tags attached to the same entity.",
    "END_DATE_NOT_END_OF_MONTH": (
        "You provided an invalid end date. The end date must be the end of the last day of the month (23.59.59.999)."
    ),
    "END_DATE_TOO_EARLY": "You provided an invalid end date. The end date is too early.",
    "IMMUTABLE_POLICY": "You cannot modify or delete a policy that is managed by AWS.",
    "INVALID_ENUM": "You specified an invalid value.",
    "INVALID_ENUM_POLICY_TYPE": "You specified an invalid policy type.",
    "INVALID_FULL_NAME_TARGET": "You specified a target that is not valid.",
    "INVALID_NEXT_TOKEN": "You specified an invalid next token.",
    "INVALID_PARTY_TYPE_TARGET": "You specified the wrong type of entity (account, organization, or email) as a party.",
    "INVALID_PATTERN_TARGET_ID": "You provided a value that doesn't match the required pattern.",
    "INVALID_PRINCIPAL": "The resource policy contains a principal that is not valid.",
    "INVALID_RESOURCE_POLICY_JSON": "The provided resource policy document is not valid.",
    "INVALID_ROLE_NAME": "You provided a role name that isn't valid. A role name can't begin with the prefix AWSServiceRoleFor.",
    "INVALID_SYSTEM_TAGS_PARAMETER": (
        "You specified a tag key that is a system tag. You can't add, edit, or delete system tag keys "
        "because they're reserved for AWS use."
    ),
    "MAX_LENGTH_EXCEEDED": "You provided a value that is longer than allowed.",
    "NON_DETACHABLE_POLICY": "You can't detach this policy.",
    "START_DATE_NOT_BEGINNING_OF_DAY": (
        "You provided an invalid start date. The start date must be the beginning of the day (00:00:00.000)."
    ),
    "START_DATE_NOT_BEGINNING_OF_MONTH": (
        "You provided an invalid start date. The start date must be the first day of the month."
    ),
    "START_DATE_TOO_EARLY": "You provided an invalid start date. The start date is too early.",
    "TARGET_NOT_SUPPORTED": "You can't perform the specified operation on that target entity.",
    "UNRECOGNIZED_SERVICE_PRINCIPAL": "You specified an unrecognized service principal.",
    "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY": "The resource policy contains an action that is not supported.",
    "UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY": "The resource policy contains a resource that is not supported.",
}

_HANDSHAKE = {
    "ACCOUNT_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of AWS accounts.",
    "ALREADY_IN_AN_ORGANIZATION": "The provided account is already a member of an organization.",
    "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES": (
        "You can't issue new invitations to join an organization while it's in the process of enabling all features."
    ),
    "ORGANIZATION_ALREADY_HAS_ALL_FEATURES": "The handshake request is invalid because the organization has already enabled all features.",
    "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION": (
        "The handshake request is invalid because the organization has already started the process to enable all features."
    ),
    "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS": "You cannot perform this operation with the current transfer.",
    "SOURCE_AND_TARGET_CANNOT_MATCH": (
        "An account can't accept a transfer invitation if it is both the sender and recipient of the invitation."
    ),
    "TARGET_ACCOUNT_VALIDATION_FAILURE": "Billing transfer is not available for your account.",
}


class AccessDeniedException(AwsError):
    """The caller's account is neither the management account nor lets itself be taken for it."""

    message = "You don't have permissions to access this resource."


class AWSOrganizationsNotInUseException(AwsError):
    """The caller's account is in no organization."""

    message = "Your account is not a member of an organization."


class ConstraintViolationException(AwsError):
    """A minimum or maximum would be violated; the member Reason tells which."""

    message = "{text}"

    def __init__(self, reason: str) -> None:
        super().__init__(members={"Reason": reason}, text=_VIOLATED[reason])


class InvalidInputException(AwsError):
    """A value is not valid; the member Reason tells how."""

    message = "{text}"

    def __init__(self, reason: str) -> None:
        super().__init__(members={"Reason": reason}, text=_INVALID[reason])


class HandshakeConstraintViolationException(AwsError):
    """A handshake is not possible; the member Reason tells why."""

    message = "{text}"

    def __init__(self, reason: str) -> None:
        super().__init__(members={"Reason": reason}, text=_HANDSHAKE[reason])


class AccountNotFoundException(AwsError):
    """No such account in the organization."""

    message = "You specified an account that doesn't exist."


class MasterCannotLeaveOrganizationException(AwsError):
    """The management account stays as long as its organization."""

    message = "The management account cannot leave the organization."


class OrganizationalUnitNotFoundException(AwsError):
    """No such organizational unit."""

    message = "You specified an organizational unit that doesn't exist."


class ParentNotFoundException(AwsError):
    """No root or organizational unit of that id."""

    message = "You specified parent that doesn't exist."


class PolicyNotFoundException(AwsError):
    """No such policy."""

    message = "You specified a policy that doesn't exist."


class PolicyTypeNotAvailableForOrganizationException(AwsError):
    """Policies need an organization with all features."""

    message = "This policy type is not available for your organization. Enable all features first."


class PolicyTypeNotEnabledException(AwsError):
    """The type is not enabled in the root."""

    message = "This operation can be performed only for enabled policy types."


class TargetNotFoundException(AwsError):
    """No root, organizational unit, account or policy of that id."""

    message = "You specified a target that doesn't exist."
