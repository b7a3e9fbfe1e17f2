"""The documented exceptions: what certain kinds of policies do not reach, and requests with rules of their own."""

from collections.abc import Callable

from trailwarden.policy.request import AccessRequest, Principal, PrincipalKind

__all__ = [
    "asks_for_a_key",
    "asks_for_a_role",
    "has_identity",
    "needs_no_permission",
    "spared_by_resource_control",
    "spared_by_service_control",
]

_MEMBERS = frozenset({PrincipalKind.ROOT, PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER})

_FREE = frozenset({"sts:getcalleridentity"})

_ROLE_ACTIONS = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:setcontext",
        "sts:setsourceidentity",
        "sts:tagsession",
    }
)

_RESOURCE_CONTROLLED = frozenset(
    {
        "aoss",
        "cognito-identity",
        "cognito-idp",
        "dynamodb",
        "ecr",
        "kms",
        "logs",
        "s3",
        "s3express",
        "secretsmanager",
        "sqs",
        "sts",
    }
)

_NOT_RESOURCE_CONTROLLED = frozenset({"kms:retiregrant"})


def has_identity(principal: Principal) -> bool:
    """Whether the principal belongs to an account and can have identity-based policies.

    Services, web identities, SAML users and anonymous callers can be granted access by resource-based policies alone.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    return principal.kind in _MEMBERS


def needs_no_permission(request: AccessRequest) -> bool:
    """GetCallerIdentity works for everybody with credentials, even where a policy denies it.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    return request.action.lower() in _FREE and request.principal.kind is not PrincipalKind.ANONYMOUS


def asks_for_a_role(request: AccessRequest) -> bool:
    """Whether a role's trust policy decides.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
    """
    return request.action.lower() in _ROLE_ACTIONS and ":role/" in request.resource


def asks_for_a_key(request: AccessRequest) -> bool:
    """Whether a KMS key's policy decides; aliases and actions without a key are left to identity-based policies.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    return request.action[:4].lower() == "kms:" and ":key/" in request.resource


def spared_by_service_control(principal: Principal) -> bool:
    """Whom service control policies do not restrict.

    No principal of the management account, no service-linked role, and nobody outside the organization's accounts.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
    """
    return principal.management_account or principal.service_linked or not has_identity(principal)


_SPARED: tuple[Callable[[AccessRequest], bool], ...] = (
    lambda request: request.principal.service_linked,
    lambda request: request.resource_in_management_account,
    lambda request: request.resource_aws_managed,
    lambda request: request.action.lower() in _NOT_RESOURCE_CONTROLLED,
    lambda request: request.action.partition(":")[0].lower() not in _RESOURCE_CONTROLLED,
)


def spared_by_resource_control(request: AccessRequest) -> bool:
    """What resource control policies do not reach.

    Service-linked roles, resources of the management account, AWS managed keys, kms:RetireGrant, and services that do
    not support them.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
    """
    return any(spared(request) for spared in _SPARED)
