"""Outcomes of calls, built from case files: what `events.record` is given."""

import base64
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.auth.errors import AccessDenied
from trailwarden.auth.stages import Authenticated, Authorized, Caller, Judged, Resolved, Session
from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError
from trailwarden.events.outcome import Outcome
from trailwarden.policy import AccessRequest, PolicySet, Principal, evaluate
from trailwarden.policy.request import PrincipalKind
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Parsed, Route

NOW = datetime(2026, 3, 4, 20, 43, 17, tzinfo=UTC).timestamp()
ACCOUNT = "123456789012"
OTHER = "111122223333"

_CREATED = datetime(2026, 3, 4, 20, 0, 0, tzinfo=UTC).timestamp()

MATEO = Caller(
    principal=Principal(
        kind=PrincipalKind.USER,
        account=ACCOUNT,
        arn=f"arn:aws:iam::{ACCOUNT}:user/mateojackson",
        unique_id="AIDACKCEVSQ6C2EXAMPLE",
    ),
    access_key="AKIAIOSFODNN7EXAMPLE",
    user_name="mateojackson",
    signing="header",
    signature_version="AWS4-HMAC-SHA256",
)
ROLE_SESSION = Session(
    created=_CREATED,
    expires=_CREATED + 3600,
    name="marymajor",
    issuer_type="Role",
    issuer_arn=f"arn:aws:iam::{ACCOUNT}:role/audit/Auditor",
    issuer_id="AROACKCEVSQ6C2EXAMPLE",
    issuer_name="Auditor",
    issuer_account=ACCOUNT,
    source_identity="marymajor",
)
CALLERS: Mapping[str, Caller] = {
    "mateojackson": MATEO,
    "mateojackson-mfa": Caller(
        principal=MATEO.principal,
        access_key="ASIAIOSFODNN7EXAMPLE",
        user_name="mateojackson",
        session=Session(created=_CREATED, expires=_CREATED + 3600, mfa=True),
        signing="header",
    ),
    "mateojackson-via-cloudtrail": Caller(
        principal=MATEO.principal,
        access_key="AKIAIOSFODNN7EXAMPLE",
        user_name="mateojackson",
        invoked_by="cloudtrail.amazonaws.com",
        signing="header",
    ),
    "root": Caller(
        principal=Principal(
            kind=PrincipalKind.ROOT, account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:root", unique_id=ACCOUNT
        ),
        access_key="AKIAIOSFODNN7EXAMPLE",
        signing="header",
    ),
    "marymajor-as-auditor": Caller(
        principal=Principal(
            kind=PrincipalKind.ROLE_SESSION,
            account=ACCOUNT,
            arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/marymajor",
            issuer_arn=ROLE_SESSION.issuer_arn,
            unique_id="AROACKCEVSQ6C2EXAMPLE:marymajor",
        ),
        access_key="ASIAIOSFODNN7EXAMPLE",
        session=ROLE_SESSION,
        signing="header",
    ),
    "federated": Caller(
        principal=Principal(
            kind=PrincipalKind.FEDERATED_USER,
            account=ACCOUNT,
            arn=f"arn:aws:sts::{ACCOUNT}:federated-user/marymajor",
            unique_id=f"{ACCOUNT}:marymajor",
        ),
        access_key="ASIAIOSFODNN7EXAMPLE",
        session=Session(
            created=_CREATED,
            expires=_CREATED + 3600,
            issuer_type="IAMUser",
            issuer_arn=MATEO.principal.arn,
            issuer_id="AIDACKCEVSQ6C2EXAMPLE",
            issuer_name="mateojackson",
            issuer_account=ACCOUNT,
        ),
        signing="header",
    ),
    "web-identity": Caller(
        principal=Principal(
            kind=PrincipalKind.WEB_IDENTITY,
            account="",
            arn="accounts.example.com",
            unique_id="accounts.example.com:app:marymajor",
        ),
        user_name="marymajor",
    ),
    "cloudtrail": Caller(principal=Principal(kind=PrincipalKind.SERVICE, account="", arn="cloudtrail.amazonaws.com")),
    "anonymous": Caller(principal=Principal(kind=PrincipalKind.ANONYMOUS, account="", arn="")),
}

_FAMILIES = {
    "ec2": ("ec2", "ec2"),
    "iam": ("query", "query"),
    "sts": ("query", "query"),
    "sns": ("query", "query"),
    "s3": ("rest-xml", "s3"),
    "lambda": ("rest-json", "rest-json"),
}


def outcome(case: Mapping[str, Any]) -> Outcome:
    """The outcome that a case describes."""
    authenticated = _authenticated(case)
    judged = tuple(_judged(authenticated, check) for check in case.get("checks", ()))
    resolved = Resolved(authenticated=authenticated, checks=tuple(each.check for each in judged))
    refused = case.get("error")
    if refused is None:
        return Outcome(reached=Authorized(resolved=resolved, judged=judged), result=_value(case.get("result", {})))
    if refused.get("denied"):
        error: AwsError = AccessDenied(refused["message"], judged=judged[-1], authorization_id=str(uuid.uuid4()))
        return Outcome(reached=resolved, error=error)
    return Outcome(reached=Authorized(resolved=resolved, judged=judged), error=_error(refused))


def _authenticated(case: Mapping[str, Any]) -> Authenticated:
    caller = CALLERS[case["caller"]]
    return Authenticated(
        parsed=parsed(case),
        caller=caller,
        region=case.get("region", "us-east-1"),
        account=caller.principal.account,
        body=b"x" * case.get("body", 0),
        now=NOW,
    )


def parsed(case: Mapping[str, Any]) -> Parsed:
    """The call as it was read."""
    protocol, family = _FAMILIES.get(case["service"], ("json", "json"))
    headers = {
        "host": f"{case['service']}.us-east-1.amazonaws.com",
        "user-agent": "aws-cli/2.0",
        **case.get("headers", {}),
    }
    return Parsed(
        request=HttpRequest(
            method="POST",
            raw_path="/",
            query=case.get("query", ""),
            headers=tuple(headers.items()),
            body=b"",
            client="203.0.113.7",
            scheme=case.get("scheme", "http"),
        ),
        route=Route(
            service=case["service"],
            operation=case["operation"],
            protocol=protocol,  # type: ignore[arg-type]  # one of the table above
            family=family,  # type: ignore[arg-type]  # one of the table above
        ),
        params=_value(case.get("params", {})),
        request_id="b6663854-b4eb-4be3-8de0-9c5471904762",
    )


def _judged(authenticated: Authenticated, given: Mapping[str, str]) -> Judged:
    request = AccessRequest(
        principal=authenticated.caller.principal,
        action=given["action"],
        resource=given["resource"],
        resource_account=given.get("account", ""),
    )
    check = Check(action=given["action"], resource=given["resource"])
    return Judged(check=check, request=request, policies=PolicySet(), decision=evaluate(request, PolicySet()))


def _error(given: Mapping[str, Any]) -> AwsError:
    made = type(
        given["code"], (AwsError,), {"code": given["code"], "message": "{reason}", "status": given.get("status", 400)}
    )
    error: AwsError = made(reason=given["message"])
    return error


def _value(given: Any) -> Any:
    """Values of a case as the parser gives them: `{"$time": …}` a date, `{"$bytes": …}` a blob in base 64."""
    if isinstance(given, dict):
        if "$time" in given:
            return datetime.fromisoformat(given["$time"])
        if "$bytes" in given:
            return base64.b64decode(given["$bytes"])
        return {key: _value(value) for key, value in given.items()}
    return [_value(each) for each in given] if isinstance(given, list) else given
