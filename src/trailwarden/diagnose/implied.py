"""Refusals whose text names no permission, or half of one, and yet means just one: it is spelt out, to be judged like any other."""

import re
from collections.abc import Mapping
from dataclasses import replace

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.diagnose.calls import call_of
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.edits import Act, ClientCall
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal

__all__ = ["implied", "linked_role_missing", "refusals_of"]

_LINKED = "iam:CreateServiceLinkedRole"
_LINKED_WORDS = re.compile(r"iam:CreateServiceLinkedRole|service-linked role", re.IGNORECASE)
_LINKED_ARN = re.compile(r":role/aws-service-role/(?P<service>[\w.-]+\.amazonaws\.com)/(?P<role>[\w-]+)")
_NAMES: Mapping[str, str] = {
    "cloudtrail.amazonaws.com": "AWSServiceRoleForCloudTrail",
    "servicequotas.amazonaws.com": "AWSServiceRoleForServiceQuotas",
    "network-firewall.amazonaws.com": "AWSServiceRoleForNetworkFirewall",
}
_BY_OPERATION: Mapping[str, str] = {
    "RegisterOrganizationDelegatedAdmin": "cloudtrail.amazonaws.com",
    "CreateFirewall": "network-firewall.amazonaws.com",
    "CreateCluster": "ecs.amazonaws.com",
    "CreateLoadBalancer": "elasticloadbalancing.amazonaws.com",
    "CreateAutoScalingGroup": "autoscaling.amazonaws.com",
    "RequestServiceQuotaIncrease": "servicequotas.amazonaws.com",
    "PutConfigurationRecorder": "config.amazonaws.com",
}


def implied(refusal: Refusal, data: AccountData) -> Refusal:
    """The refusal with the permission that it means, where it means one."""
    if _LINKED_WORDS.search(refusal.text) and (
        "denied" in refusal.text.lower() or "authoriz" in refusal.text or "permission" in refusal.text
    ):
        return _linked(refusal, data)
    if "Access to KMS is not allowed" in refusal.text:
        return _decrypting(refusal, data)
    if refusal.action.lower() == "iam:passrole" and refusal.service and not refusal.event:
        return _passing(refusal)
    if not refusal.resource and refusal.action.lower().startswith("kms:"):
        return replace(refusal, resource=_only_key(refusal, data) or refusal.resource)
    return refusal


def _passing(refusal: Refusal) -> Refusal:
    """The service that gets the role, as the SDK named it."""
    source = catalog.event_source(refusal.service.lower().replace(" ", "-"))
    if not source or source == "iam.amazonaws.com":
        return refusal
    return replace(refusal, context={"iam:PassedToService": source, **refusal.context})


def refusals_of(refusal: Refusal, data: AccountData) -> tuple[Refusal, ...]:
    """The refusal with what its event's call tells: one for each permission that the call needs, where the text names none."""
    if not refusal.event:
        return (refusal,)
    account = data.account("")
    own = refusal.account or (account.id if account else "")
    region = str(refusal.event.get("awsRegion") or data.region)
    call = call_of(refusal.event, account, owner=own, region=region)
    if call is None:
        return (refusal,)
    told = refusal.action.lower() in refusal.text.lower() or bool(refusal.authorization_id)
    chosen = [check for check in call.checks if not told or check.action.lower() == refusal.action.lower()]
    if not chosen:
        return (refusal,)
    chosen = chosen[:1] if told else chosen
    return tuple(
        replace(
            refusal,
            action=check.action,
            resource=refusal.resource if told and refusal.resource else check.resource,
            context={**check.context, **refusal.context},
            settled=refusal.settled | call.filled,
        )
        for check in chosen
    )


def linked_role_missing(refusal: Refusal, data: AccountData) -> Mend | None:
    """The way out that lasts: somebody with the right makes the role once; whoever comes later needs no right for it."""
    found = _LINKED_ARN.search(refusal.resource)
    if refusal.action != _LINKED or found is None:
        return None
    account = data.account("")
    role = found["role"].strip("*")
    if account is not None and role and account.find("role", role) is not None:
        return None
    service = found["service"]
    call = ClientCall(service="iam", operation="CreateServiceLinkedRole", params={"AWSServiceName": service})
    return Mend(
        title=f"make the service-linked role of {service} once for the account; later calls need no right for it",
        edits=(Act(call=call),),
        approver="an administrator of the account",
    )


def _linked(refusal: Refusal, data: AccountData) -> Refusal:
    principal = refusal.principal or _caller(refusal)
    arn = Arn.parse(principal)
    account = arn.account if arn else ""
    service = _service(refusal)
    known = data.account("")
    own = account or (known.id if known else "")
    named = _LINKED_ARN.search(refusal.resource)
    resource = (
        refusal.resource if named else f"arn:aws:iam::{own}:role/aws-service-role/{service}/{_NAMES.get(service, '*')}"
    )
    service = named["service"] if named else service
    if not service:
        return refusal
    return replace(
        refusal,
        principal=principal,
        action=_LINKED,
        resource=resource,
        event={},
        context={**refusal.context, "iam:AWSServiceName": service},
    )


def _service(refusal: Refusal) -> str:
    """For whom the role is to be: who made the call, or what was called."""
    invoked = _invoked_by(refusal)
    source = str(refusal.event.get("eventSource", ""))
    return invoked or _BY_OPERATION.get(refusal.operation, "") or (source if source != "iam.amazonaws.com" else "")


def _invoked_by(refusal: Refusal) -> str:
    identity = refusal.event.get("userIdentity")
    told = identity.get("invokedBy") if isinstance(identity, Mapping) else None
    told = told or refusal.event.get("invokedBy")
    return told if isinstance(told, str) else ""


def _caller(refusal: Refusal) -> str:
    identity = refusal.event.get("userIdentity")
    arn = identity.get("arn") if isinstance(identity, Mapping) else None
    return arn if isinstance(arn, str) else ""


def _decrypting(refusal: Refusal, data: AccountData) -> Refusal:
    """Secrets Manager: the caller may read the secret, and not decrypt with its key.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    account = data.account("")
    own = refusal.account or (account.id if account else "")
    keys = data.alike(Arn(service="kms", region=data.region, account=own, resource="key/-")) or ()
    key = keys[0] if len(keys) == 1 else f"arn:aws:kms:{data.region}:{own}:key/*"
    via = f"secretsmanager.{data.region}.amazonaws.com"
    return replace(
        refusal,
        action="kms:Decrypt",
        performed="kms:Decrypt",
        resource=key,
        event={},
        context={**refusal.context, "kms:ViaService": via},
    )


def _only_key(refusal: Refusal, data: AccountData) -> str:
    """The one key that the caller's own policies name, where the text says "this resource"."""
    arn = Arn.parse(refusal.principal)
    account = data.account(arn.account) if arn else None
    if arn is None or account is None:
        return ""
    identity = account.find("user", arn.name) or account.find(
        "role", arn.resource.split("/")[1] if "/" in arn.resource else ""
    )
    found = {key for text in (identity.inline.values() if identity else ()) for key in _KEY.findall(text)}
    return found.pop() if len(found) == 1 else ""


_KEY = re.compile(r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:key/[\w-]+(?=\")")
