"""IAM: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html.

What exists is named in denials by its friendly name (`user mateojackson`), what is being made by its ARN.
"""

from collections.abc import Iterator, Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.asking import Ask, KeyValue, Resolver, Target
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay
from trailwarden.catalog.passing import pass_role

__all__ = ["TABLES", "service_linked_role"]

_SERVICE_LINKED: Mapping[str, str] = {
    "cloudtrail.amazonaws.com": "AWSServiceRoleForCloudTrail",
    "context.cloudtrail.amazonaws.com": "AWSServiceRoleForCloudTrailEventContext",
    "config.amazonaws.com": "AWSServiceRoleForConfig",
    "organizations.amazonaws.com": "AWSServiceRoleForOrganizations",
    "events.amazonaws.com": "AWSServiceRoleForCloudWatchEvents",
    "support.amazonaws.com": "AWSServiceRoleForSupport",
    "trustedadvisor.amazonaws.com": "AWSServiceRoleForTrustedAdvisor",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "guardduty.amazonaws.com": "AWSServiceRoleForAmazonGuardDuty",
    "securityhub.amazonaws.com": "AWSServiceRoleForSecurityHub",
    "access-analyzer.amazonaws.com": "AWSServiceRoleForAccessAnalyzer",
    "sso.amazonaws.com": "AWSServiceRoleForSSO",
    "ops.apigateway.amazonaws.com": "AWSServiceRoleForAPIGateway",
}


def _iam(ask: Ask, resource: str) -> str:
    return ask.arn(resource, service="iam", region="")


def _existing(ask: Ask, kind: str, name: str) -> Target:
    """A thing that exists, or is believed to: only the store knows its path."""
    return Target(ask.lookup(f"iam.{kind}", name) or _iam(ask, f"{kind}/{name}"), f"{kind.replace('-', ' ')} {name}")


def _one(kind: str, member: str) -> Resolver:
    return lambda ask: tuple(_existing(ask, kind, name) for name in ask.texts(member)[:1])


def _users(ask: Ask) -> tuple[Target, ...]:
    """The user named, or the caller where an operation defaults to it."""
    name = ask.text("UserName")
    if name:
        return (_existing(ask, "user", name),)
    caller = Arn.parse(ask.lookup("caller", "") or "")
    if caller is not None and caller.type == "user":
        return (Target(str(caller), f"user {caller.name}"),)
    if caller is not None and caller.resource == "root":
        return (Target(str(caller)),)
    return (Target(_iam(ask, "user/*")),)


def _made(kind: str, member: str) -> Resolver:
    """A thing that is being made; its path is a member."""
    return lambda ask: (Target(_iam(ask, f"{kind}{ask.text('Path') or '/'}{ask.text(member)}")),)


def _policies(ask: Ask) -> tuple[Target, ...]:
    return tuple(Target(given, f"policy {given}") for given in ask.texts("PolicyArn"))


def _whole(member: str) -> Resolver:
    return lambda ask: tuple(Target(given) for given in ask.texts(member))


def _principals(member: str) -> Resolver:
    """Users, roles, groups and policies given by ARN, named in the friendly form."""

    def resolve(ask: Ask) -> Iterator[Target]:
        for given in ask.texts(member):
            arn = Arn.parse(given)
            if arn is not None:
                yield Target(given, f"policy {given}" if arn.type == "policy" else f"{arn.type} {arn.name}")

    return resolve


def _devices(ask: Ask) -> Iterator[Target]:
    for given in ask.texts("SerialNumber"):
        yield Target(given if given.startswith("arn:") else _iam(ask, f"mfa/{given}"))


def _collection(kind: str) -> Resolver:
    return lambda ask: (Target(_iam(ask, f"{kind}{ask.text('PathPrefix') or '/'}*")),)


def _policy_list(ask: Ask) -> tuple[Target, ...]:
    path = ask.text("PathPrefix") or "/"
    return (Target(_iam(ask, f"policy{path}*"), f"policy path {path}"),)


def _renamed(kind: str, old: str, new: str) -> Resolver:
    """A rename or move asks for the right on what is there and on what will be.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
    """

    def resolve(ask: Ask) -> Iterator[Target]:
        target = _existing(ask, kind, ask.text(old))
        yield target
        if ask.text(new) or ask.text("NewPath"):
            standing = target.resource.partition(f":{kind}/")[2].rpartition("/")
            path = ask.text("NewPath") or (f"/{standing[0]}/" if standing[0] else "/")
            yield Target(_iam(ask, f"{kind}{path}{ask.text(new) or standing[2]}"))

    return resolve


def _oidc_made(ask: Ask) -> tuple[Target, ...]:
    return (Target(_iam(ask, f"oidc-provider/{ask.text('Url').partition('://')[2] or '*'}")),)


def service_linked_role(ask: Ask, service: str, suffix: str = "") -> str:
    """The ARN of the role that a service makes for itself; `*` where its name is not known.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    """
    name = _SERVICE_LINKED.get(service, "*")
    return _iam(ask, f"role/aws-service-role/{service}/{name}{f'_{suffix}' if suffix and name != '*' else ''}")


def _linked_made(ask: Ask) -> tuple[Target, ...]:
    return (Target(service_linked_role(ask, ask.text("AWSServiceName"), ask.text("CustomSuffix"))),)


def _linked_task(ask: Ask) -> tuple[Target, ...]:
    """The task id names the role: `task/aws-service-role/<service>/<role>/<uuid>`."""
    role = ask.text("DeletionTaskId").removeprefix("task/").rpartition("/")[0]
    return (Target(_iam(ask, f"role/{role or '*'}")),)


def _key_owner(ask: Ask) -> tuple[Target, ...]:
    key = ask.text("AccessKeyId")
    return (Target(ask.lookup("iam.access-key", key) or _iam(ask, "user/*"), f"access key {key}"),)


def _boundary(ask: Ask) -> str | None:
    """The boundary that is being set, or the one that stands on the user or role."""
    given = ask.text("PermissionsBoundary")
    if given:
        return given
    for kind, member in (("user", "UserName"), ("role", "RoleName")):
        if ask.text(member):
            return ask.lookup(f"iam.{kind}.boundary", ask.text(member))
    return None


def _passed(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html."""
    if ask.text("RoleName"):
        yield pass_role(_existing(ask, "role", ask.text("RoleName")).resource, "ec2.amazonaws.com")


def _text(*members: str) -> KeyValue:
    return lambda ask: next((text for member in members if (text := ask.value(member)) is not None), None)


_LISTS = ("user", "role", "group", "instance-profile", "server-certificate", "mfa", "saml-provider", "oidc-provider")
_PLURALS = ("Users", "Roles", "Groups", "InstanceProfiles", "ServerCertificates", "VirtualMFADevices", "SAMLProviders", "OpenIDConnectProviders")  # fmt: skip

_IAM = Overlay(
    types={
        "user": _users,
        "role": _one("role", "RoleName"),
        "group": _one("group", "GroupName"),
        "policy": _policies,
        "instance-profile": _one("instance-profile", "InstanceProfileName"),
        "server-certificate": _one("server-certificate", "ServerCertificateName"),
        "mfa": _devices,
        "oidc-provider": _whole("OpenIDConnectProviderArn"),
        "saml-provider": _whole("SAMLProviderArn"),
    },
    actions={
        "UpdateOpenIDConnectProvider": "iam:UpdateOpenIDConnectProvider",
        "UpdateDelegationRequest": "iam:UpdateDelegationRequest",
        "AcquireRole": "iam:AcquireRole",
    },
    targets={
        **{f"List{plural}": _collection(kind) for kind, plural in zip(_LISTS, _PLURALS, strict=True)},
        "ListPolicies": _policy_list,
        "CreateUser": _made("user", "UserName"),
        "CreateRole": _made("role", "RoleName"),
        "CreateGroup": _made("group", "GroupName"),
        "CreatePolicy": _made("policy", "PolicyName"),
        "CreateInstanceProfile": _made("instance-profile", "InstanceProfileName"),
        "CreateVirtualMFADevice": _made("mfa", "VirtualMFADeviceName"),
        "UploadServerCertificate": _made("server-certificate", "ServerCertificateName"),
        "CreateSAMLProvider": lambda ask: (Target(_iam(ask, f"saml-provider/{ask.text('Name')}")),),
        "CreateOpenIDConnectProvider": _oidc_made,
        "UpdateOpenIDConnectProvider": _whole("OpenIDConnectProviderArn"),
        "UpdateUser": _renamed("user", "UserName", "NewUserName"),
        "UpdateGroup": _renamed("group", "GroupName", "NewGroupName"),
        "UpdateServerCertificate": _renamed("server-certificate", "ServerCertificateName", "NewServerCertificateName"),
        "CreateServiceLinkedRole": _linked_made,
        "GetServiceLinkedRoleDeletionStatus": _linked_task,
        "GetAccessKeyLastUsed": _key_owner,
        "GenerateServiceLastAccessedDetails": _principals("Arn"),
        "ListPoliciesGrantingServiceAccess": _principals("Arn"),
        "GetContextKeysForPrincipalPolicy": _principals("PolicySourceArn"),
        "SimulatePrincipalPolicy": _principals("PolicySourceArn"),
        "GenerateOrganizationsAccessReport": lambda ask: (
            Target(_iam(ask, f"access-report/{ask.text('EntityPath')}")),
        ),
        "DeleteVirtualMFADevice": _devices,
        "UpdateDelegationRequest": _made("delegation-request", "DelegationRequestId"),
        "GetHumanReadableSummary": _whole("EntityArn"),
        "AcquireRole": _whole("TemplateArn"),
        "GetRoleTemplateVersion": _whole("TemplateArn"),
    },
    keys={
        "iam:PolicyARN": _text("PolicyArn"),
        "iam:PermissionsBoundary": _boundary,
        "iam:AWSServiceName": _text("AWSServiceName"),
        "iam:OrganizationsPolicyId": _text("OrganizationsPolicyId"),
        "iam:ServiceSpecificCredentialServiceName": _text("ServiceName"),
        "iam:ServiceSpecificCredentialAgeDays": _text("CredentialAgeDays"),
        "iam:DelegationDuration": _text("SessionDuration"),
        "iam:NotificationChannel": _text("NotificationChannel"),
        "iam:TemplateArn": _text("Permissions.PolicyTemplateArn"),
    },
    more={"AddRoleToInstanceProfile": _passed},
)

TABLES: Mapping[str, Overlay] = {
    "iam": _IAM,
    "iam-toolbox": Overlay(
        actions={
            "GetRequestAuthorizationDetails": "iam:GetRequestAuthorizationDetails",
            "GetRequestAuthorizationPolicy": "iam:GetRequestAuthorizationPolicy",
        }
    ),
}
