"""What stored instance profiles and server certificates tell the catalog about names in a call (`catalog.asking.Lookup`).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from collections.abc import Mapping

from trailwarden.auth.identities import ROLE
from trailwarden.auth.lookup import Answer
from trailwarden.auth.stages import Authenticated
from trailwarden.services.iam.instance_profiles import PROFILE, InstanceProfile
from trailwarden.services.iam.server_certificates import SERVER_CERTIFICATE
from trailwarden.storage.ports import Reader

__all__ = ["IAM_LOOKUPS"]


def _profile(name: str, call: Authenticated, reader: Reader) -> InstanceProfile | None:
    document = reader.get(PROFILE, call.account, "", name.lower())
    return document.body if document else None


def _arn(name: str, call: Authenticated, reader: Reader) -> str | None:
    profile = _profile(name, call, reader)
    return profile.arn if profile else None


def _role(name: str, call: Authenticated, reader: Reader) -> str | None:
    profile = _profile(name, call, reader)
    role = reader.get(ROLE, call.account, "", profile.role.lower()) if profile and profile.role else None
    return role.body.arn if role else None


def _certificate(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(SERVER_CERTIFICATE, call.account, "", name.lower())
    return document.body.arn if document else None


IAM_LOOKUPS: Mapping[str, Answer] = {
    "iam.instance-profile": _arn,
    "iam.instance-profile.role": _role,
    "iam.server-certificate": _certificate,
}
"""For `Resolver(more=…)`."""
