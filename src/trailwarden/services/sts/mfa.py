"""The one-time code that a call to STS may carry.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.mfa import DEVICE, accepted_code
from trailwarden.services.sts.errors import NotAllowed
from trailwarden.services.world import World

__all__ = ["mfa_given"]


def mfa_given(call: Call, world: World) -> bool:
    """Whether SerialNumber and TokenCode prove the caller's own device; NotAllowed where they are given and do not.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    serial, code = call.params.get("SerialNumber"), call.params.get("TokenCode")
    if not serial and not code:
        return False
    if not serial or not code:
        raise NotAllowed(
            reason="MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
        )
    principal = call.caller.principal
    owner = principal.account if principal.kind is PrincipalKind.ROOT else principal.unique_id
    device = world.find(DEVICE, principal.account, "", serial)
    if device is None or device.user != owner:
        raise NotAllowed(
            reason="MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
        )
    if not accepted_code(world, principal.account, device, code, call.now):
        raise NotAllowed(reason="MultiFactorAuthentication failed with invalid MFA one time pass code. ")
    return True
