"""How many of everything the account has, and may have."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, GROUP, POLICY, ROLE, USER, Account
from trailwarden.services.call import Call
from trailwarden.services.iam.identity_providers import OIDC, SAML
from trailwarden.services.iam.instance_profiles import PROFILE
from trailwarden.services.iam.mfa import DEVICE
from trailwarden.services.iam.quotas import (
    ACCESS_KEYS_PER_USER,
    ATTACHED,
    GROUPS_PER_USER,
    INLINE_SIZE,
    PER_ACCOUNT,
    POLICY_SIZE,
    TRUST_SIZE,
    VERSIONS,
)
from trailwarden.services.iam.server_certificates import SERVER_CERTIFICATE
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_account_summary", "set_security_token_service_preferences"]

_VERSIONS_IN_USE = 10_000
_VERSION = "GlobalEndpointTokenVersion"
_FIRST_VERSION, _SECOND_VERSION = 1, 2


@operation("iam:SetSecurityTokenServicePreferences")
def set_security_token_service_preferences(call: Call, world: World) -> None:
    """Choose the version of tokens from the global endpoint; ours are good in all Regions either way.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetSecurityTokenServicePreferences.html
    """
    account = world.find(ACCOUNT, call.account, "", call.account) or Account(id=call.account, created=call.now)
    settings = {**account.settings, _VERSION: call.params["GlobalEndpointTokenVersion"]}
    world.put(ACCOUNT, call.account, "", call.account, msgspec.structs.replace(account, settings=settings))


@operation("iam:GetAccountSummary")
def get_account_summary(call: Call, world: World) -> Mapping[str, Any]:
    """Count the account's entities and tell its quotas.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
    """
    return {"SummaryMap": {**_counts(call, world), **_QUOTAS}}


_QUOTAS = {
    **{f"{noun}Quota": limit for noun, limit in PER_ACCOUNT.items()},
    "ServerCertificatesQuota": 20,
    "UserPolicySizeQuota": INLINE_SIZE["User"],
    "GroupPolicySizeQuota": INLINE_SIZE["Group"],
    "RolePolicySizeQuota": INLINE_SIZE["Role"],
    "AssumeRolePolicySizeQuota": TRUST_SIZE,
    "PolicySizeQuota": POLICY_SIZE,
    "GroupsPerUserQuota": GROUPS_PER_USER,
    "SigningCertificatesPerUserQuota": 2,
    "AccessKeysPerUserQuota": ACCESS_KEYS_PER_USER,
    **{f"AttachedPoliciesPer{noun}Quota": limit for noun, limit in ATTACHED.items()},
    "PolicyVersionsInUseQuota": _VERSIONS_IN_USE,
    "VersionsPerPolicyQuota": VERSIONS,
}


def _counts(call: Call, world: World) -> dict[str, int]:
    account = call.account
    devices = [document.body for document in world.list(DEVICE, account, "")]
    policies = [document.body for document in world.list(POLICY, account, "")]
    keys = (document.body for document in world.list(ACCESS_KEY, "", ""))
    return {
        "Users": len(world.list(USER, account, "")),
        "Groups": len(world.list(GROUP, account, "")),
        "Roles": len(world.list(ROLE, account, "")),
        "Policies": len(policies),
        "PolicyVersionsInUse": sum(len(policy.versions) for policy in policies),
        "InstanceProfiles": len(world.list(PROFILE, account, "")),
        "MFADevices": len(devices),
        "MFADevicesInUse": sum(bool(device.user) for device in devices),
        "AccountMFAEnabled": int(any(device.user == account for device in devices)),
        "AccountAccessKeysPresent": int(any(key.account == account and not key.user for key in keys)),
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "ServerCertificates": len(world.list(SERVER_CERTIFICATE, account, "")),
        "Providers": _providers(world, account),
        "GlobalEndpointTokenVersion": _token_version(world, account),
    }


def _providers(world: World, account: str) -> int:
    return len(world.list(OIDC, account, "")) + len(world.list(SAML, account, ""))


def _token_version(world: World, account_id: str) -> int:
    account = world.find(ACCOUNT, account_id, "", account_id)
    chosen = account.settings.get(_VERSION) if account else None
    return _SECOND_VERSION if chosen == "v2Token" else _FIRST_VERSION
