"""STS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html."""

from collections.abc import Callable, Iterator, Mapping

from trailwarden.catalog.asking import Ask, KeyValue, Rule, Target, Value, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]


def _session(ask: Ask) -> dict[str, Value]:
    """What a role's trust policy can ask of the call. The further permissions of one call see the same keys."""
    found = {
        "sts:ExternalId": ask.value("ExternalId"),
        "sts:RoleSessionName": ask.value("RoleSessionName"),
        "sts:SourceIdentity": ask.value("SourceIdentity"),
        "sts:TransitiveTagKeys": ask.texts("TransitiveTagKeys") or None,
        "sts:RequestContextProviders": ask.texts("ProvidedContexts[].ProviderArn") or None,
    }
    return {key: value for key, value in found.items() if value is not None} | tag_context(ask.params.get("Tags"))


def _assume_role(ask: Ask) -> Iterator[Check]:
    """AssumeRole, and one permission more for each thing that the session is to carry.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    context = _session(ask) | _mfa(ask)
    for action, wanted in (
        ("sts:AssumeRole", True),
        ("sts:TagSession", bool(ask.params.get("Tags") or ask.params.get("TransitiveTagKeys"))),
        ("sts:SetSourceIdentity", bool(ask.text("SourceIdentity"))),
        ("sts:SetContext", bool(ask.params.get("ProvidedContexts"))),
    ):
        if wanted:
            yield Check(action=action, resource=ask.text("RoleArn") or "*", context=context)


def _mfa(ask: Ask) -> dict[str, Value]:
    """A one-time code in the call itself is multi-factor authentication of this moment; whoever issues the session proves it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """
    if not ask.text("SerialNumber") or not ask.text("TokenCode"):
        return {}
    return {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}


def _assumed_by_token(action: str) -> Rule:
    """The caller is whom the token names, so the denial names nobody and nothing."""
    return lambda ask: (Check(action=action, resource=ask.text("RoleArn") or "*", context=_session(ask), named=None),)


def _assume_root(ask: Ask) -> tuple[Target, ...]:
    given = ask.text("TargetPrincipal")
    return (Target(given if given.startswith("arn:") else ask.arn("root", service="iam", region="", account=given)),)


def _federation(ask: Ask) -> Iterator[Check]:
    resource = ask.arn(f"federated-user/{ask.text('Name')}", region="")
    context = tag_context(ask.params.get("Tags"))
    yield Check(action="sts:GetFederationToken", resource=resource, context=context)
    if context:
        yield Check(action="sts:TagSession", resource=resource, context=context)


def _identity_tags(ask: Ask) -> Iterator[Check]:
    context = tag_context(ask.params.get("Tags"))
    if context:
        yield Check(action="sts:TagGetWebIdentityToken", resource="*", context=context, named=None)


def _texts(member: str) -> KeyValue:
    return lambda ask: ask.texts(member) or None


def _value(member: str) -> KeyValue:
    return lambda ask: ask.value(member)


_WHOLE: Mapping[str, Callable[[Ask], Iterator[Check] | tuple[Check, ...]]] = {
    "AssumeRole": _assume_role,
    "GetFederationToken": _federation,
}

TABLES: Mapping[str, Overlay] = {
    "sts": Overlay(
        actions={"GetScopedCredentials": "sts:GetScopedCredentials"},
        targets={"AssumeRoot": _assume_root},
        keys={
            "sts:TaskPolicyArn": _value("TaskPolicyArn.arn"),
            "sts:DurationSeconds": _value("DurationSeconds"),
            "sts:IdentityTokenAudience": _texts("Audience"),
            "sts:SigningAlgorithm": _value("SigningAlgorithm"),
        },
        more={"GetWebIdentityToken": _identity_tags},
        whole={
            **_WHOLE,
            "AssumeRoleWithSAML": _assumed_by_token("sts:AssumeRoleWithSAML"),
            "AssumeRoleWithWebIdentity": _assumed_by_token("sts:AssumeRoleWithWebIdentity"),
        },
        unnamed=None,
    )
}
