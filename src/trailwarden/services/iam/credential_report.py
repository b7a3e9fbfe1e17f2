"""The credential report: every user's passwords, keys and devices in one table.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, USER, AccessKey, User
from trailwarden.clock import iso
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.key_use import Using, uses_of
from trailwarden.services.iam.login_profiles import LOGIN_PROFILE, LoginProfile
from trailwarden.services.iam.mfa import DEVICE
from trailwarden.services.iam.password_policy import password_policy_of
from trailwarden.services.iam.signing_certificates import CERTIFICATE, SigningCertificate
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["ReportExpired", "ReportNotPresent", "generate_credential_report", "get_credential_report"]

_FRESH = 4 * 3600.0
_DAY = 86_400.0
_NONE = "N/A"
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active", "access_key_1_active", "access_key_1_last_rotated",
    "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated",
    "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip


class CredentialReport(msgspec.Struct, frozen=True, kw_only=True):
    """A generated report. Key: (account, "", "report"). `content` is the reference of its stored bytes."""

    generated: float
    content: str


REPORT = Kind("iam.credential-report", CredentialReport)


class ReportNotPresent(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html."""

    code = "ReportNotPresent"
    message = "No report present in the account."
    status = 410


class ReportExpired(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html."""

    code = "ReportExpired"
    message = "Credential report has expired."
    status = 410


@operation("iam:GenerateCredentialReport")
def generate_credential_report(call: Call, world: World) -> Mapping[str, Any]:
    """Make the report, unless one of the last four hours is there.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html
    """
    standing = world.find(REPORT, call.account, "", "report")
    if standing is not None and call.now - standing.generated < _FRESH:
        return {"State": "COMPLETE"}
    if standing is not None:
        world.transaction.discard(standing.content)
    content = world.transaction.store(_table(_rows(call, world)))
    world.put(REPORT, call.account, "", "report", CredentialReport(generated=call.now, content=content))
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


@operation("iam:GetCredentialReport")
def get_credential_report(call: Call, world: World) -> Mapping[str, Any]:
    """Give the report as comma-separated values.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html
    """
    report = world.find(REPORT, call.account, "", "report")
    if report is None:
        raise ReportNotPresent
    if call.now - report.generated >= _FRESH:
        raise ReportExpired
    content = world.storage.fetch(report.content)
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": report.generated}


def _table(rows: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval=_NONE, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().removesuffix("\n").encode()


def _rows(call: Call, world: World) -> Iterable[Mapping[str, str]]:
    owners = {document.body.user for document in world.list(DEVICE, call.account, "")}
    mine = [document.body for document in world.list(ACCESS_KEY, "", "") if document.body.account == call.account]
    using = uses_of(world, call.account, mine)
    yield _root(call, world, mine, using, mfa=call.account in owners)
    for document in world.list(USER, call.account, ""):
        user = document.body
        keys = (world.find(ACCESS_KEY, "", "", key_id) for key_id in user.access_keys)
        certificates = (each.body for each in world.list(CERTIFICATE, call.account, "", prefix=f"{user.id}/"))
        yield {
            "user": user.name,
            "arn": user.arn,
            "user_creation_time": _time(user.created),
            **_password(call, world, user),
            "mfa_active": _bool(user.id in owners),
            **_keys((key for key in keys if key is not None), using),
            **_certificates(certificates),
        }


def _root(call: Call, world: World, keys: Iterable[AccessKey], using: Using, *, mfa: bool) -> dict[str, str]:
    account = world.find(ACCOUNT, call.account, "", call.account)
    return {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{call.account}:root",
        "user_creation_time": _time(account.created) if account else _NONE,
        "password_enabled": "not_supported",
        "password_last_used": "no_information",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": _bool(mfa),
        **_keys((key for key in keys if not key.user), using),
        **_certificates(()),
    }


def _password(call: Call, world: World, user: User) -> dict[str, str]:
    profile: LoginProfile | None = world.find(LOGIN_PROFILE, call.account, "", user.name.lower())
    if profile is None:
        return {"password_enabled": "false"}
    used = user.password_last_used
    age = password_policy_of(call, world).maximum_age
    return {
        "password_enabled": "true",
        "password_last_used": "no_information" if used is None else _time(used),
        "password_last_changed": _time(profile.changed),
        "password_next_rotation": _time(profile.changed + age * _DAY) if age else _NONE,
    }


def _keys(keys: Iterable[AccessKey], using: Using) -> dict[str, str]:
    row = {"access_key_1_active": "false", "access_key_2_active": "false"}
    for number, key in zip((1, 2), keys, strict=False):
        row[f"access_key_{number}_active"] = _bool(key.status == "Active")
        row[f"access_key_{number}_last_rotated"] = _time(key.created)
        use = using(key)
        if use is not None:
            row[f"access_key_{number}_last_used_date"] = _time(use.time)
            row[f"access_key_{number}_last_used_region"] = use.region
            row[f"access_key_{number}_last_used_service"] = use.service
    return row


def _certificates(certificates: Iterable[SigningCertificate]) -> dict[str, str]:
    row = {"cert_1_active": "false", "cert_2_active": "false"}
    for number, certificate in zip((1, 2), certificates, strict=False):
        row[f"cert_{number}_active"] = _bool(certificate.status == "Active")
        row[f"cert_{number}_last_rotated"] = _time(certificate.uploaded)
    return row


def _bool(value: bool) -> str:  # noqa: FBT001 — it is what is written
    return "true" if value else "false"


def _time(seconds: float) -> str:
    return iso(seconds).replace("Z", "+00:00")
