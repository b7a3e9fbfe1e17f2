"""The decision whether a caller may do what its call needs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable, Mapping

import msgspec

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.auth.callers import completed
from trailwarden.auth.context import Deferred, caller_context, request_context, resource_context, service_context
from trailwarden.auth.decisions import Decisions
from trailwarden.auth.errors import AccessDenied
from trailwarden.auth.facts import FactsProvider, ResourceFacts
from trailwarden.auth.gather import Gatherer, ManagedDocument
from trailwarden.auth.organization import Membership, membership
from trailwarden.auth.record import encoded_message
from trailwarden.auth.sealing import Vault
from trailwarden.auth.stages import Authorized, Caller, Judged, Resolved
from trailwarden.catalog.checks import Check
from trailwarden.clock import Chance
from trailwarden.errors import AwsError
from trailwarden.policy import (
    AccessRequest,
    ContextValue,
    PolicySet,
    PrincipalKind,
    denial_message,
)
from trailwarden.storage.ports import Reader, Transaction

__all__ = ["Authorizer"]

_ID_LENGTH = 25
_ACCOUNT_DIGITS = 12
_READS = ("Describe", "Get", "List", "Search")
_BY_TOKEN = frozenset({PrincipalKind.SAML, PrincipalKind.WEB_IDENTITY})
_EC2_HEAD = "You are not authorized to perform this operation. "


class _Asker(msgspec.Struct, frozen=True, kw_only=True):
    """A caller with everything that stays the same from check to check of a call."""

    caller: Caller
    place: Membership | None
    policies: PolicySet
    context: Mapping[str, ContextValue]
    places: dict[str, Membership | None]


class Authorizer:
    """Judges calls, and what services ask on behalf of others.

    `facts` is keyed by the service of ARNs. `tail` adds to each denial how to look the decision up: at `endpoint`, a
    console's address, where one is given. `vault` seals the encoded messages of EC2's denials.
    """

    def __init__(
        self,
        facts: Mapping[str, FactsProvider],
        *,
        chance: Chance,
        tail: bool = False,
        endpoint: str = "",
        vault: Vault | None = None,
        managed: Callable[[str], ManagedDocument | None] | None = None,
    ) -> None:
        self._facts = facts
        self._chance = chance
        self._tail = tail
        self._endpoint = endpoint
        self._vault = vault
        self._decisions = Decisions()
        self._gatherer = Gatherer(managed or catalog.managed_policy)

    def authorize(self, resolved: Resolved, transaction: Transaction) -> Authorized:
        """The call, allowed. Checks are judged in order; the first denial raises AccessDenied, unless it is of one item."""
        authenticated = resolved.authenticated
        caller = authenticated.caller
        asker = self._asker(caller, transaction, now=authenticated.now, region=authenticated.region)
        context = Deferred(lambda: {**asker.context, **request_context(authenticated)})
        judged: list[Judged] = []
        refused: dict[int, AwsError] = {}
        for check in resolved.checks:
            answer = self._judge(asker, check, transaction, context)
            if answer.decision.allowed:
                judged.append(answer)
                continue
            denial = self._denied(answer, resolved, asker)
            if check.item is None:
                raise denial
            refused.setdefault(check.item, denial)
        return Authorized(resolved=resolved, judged=tuple(judged), refused=refused)

    def judge(
        self,
        caller: Caller,
        check: Check,
        transaction: Transaction,
        *,
        now: float,
        region: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Judged:
        """Whether a caller may do something, outside of any call of its own.

        For a service (`PrincipalKind.SERVICE`) `context` says for whom it acts: aws:SourceArn, aws:SourceAccount.
        """
        asker = self._asker(caller, transaction, now=now, region=region)
        given = dict(context or {})
        return self._judge(asker, check, transaction, {**asker.context, **_organized(given, transaction), **given})

    def demand(
        self,
        caller: Caller,
        check: Check,
        transaction: Transaction,
        *,
        now: float,
        region: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Judged:
        """`judge`, raising AccessDenied where it is not allowed: for handlers that learn only late what a call needs."""
        judged = self.judge(caller, check, transaction, now=now, region=region, context=context)
        if not judged.decision.allowed:
            message = self._message(judged, same_organization=_share(judged, transaction))
            raise self._refusal(judged, message, region)
        return judged

    def facts_of(self, arn_text: str, reader: Reader) -> ResourceFacts | None:
        """The facts of a resource; None where it does not exist or its service is not built."""
        arn = Arn.parse(arn_text)
        provider = self._facts.get(arn.service) if arn is not None else None
        return provider(arn, reader) if arn is not None and provider is not None else None

    def _asker(self, caller: Caller, reader: Reader, *, now: float, region: str) -> _Asker:
        account = caller.principal.account
        place = membership(account, reader)
        management = place is not None and place.organization.management_account == account
        caller = completed(caller, reader, management_account=management)
        return _Asker(
            caller=caller,
            place=place,
            policies=self._gatherer.of_caller(caller, reader, place),
            context=Deferred(lambda: caller_context(caller, now=now, region=region, place=place)),
            places={account: place},
        )

    def _judge(self, asker: _Asker, check: Check, reader: Reader, context: Mapping[str, ContextValue]) -> Judged:
        facts = self.facts_of(check.resource, reader)
        resource = facts.arn or check.resource if facts is not None and not facts.alias else check.resource
        account = _owner_account(resource, facts, asker)
        owner = _place(asker, account, reader)
        service = check.action.partition(":")[0]
        request = AccessRequest(
            principal=asker.caller.principal,
            action=check.action,
            resource=resource,
            resource_account=account,
            context=Deferred(
                lambda: {
                    **context,
                    **resource_context(facts, service=service, account=account, owner=owner),
                    **check.context,
                }
            ),
            resource_in_management_account=owner is not None and owner.organization.management_account == account,
        )
        policies = self._gatherer.of_check(asker.policies, asker.caller, check, facts, reader=reader, owner=owner)
        return Judged(check=check, request=request, policies=policies, decision=self._decisions.of(request, policies))

    def _denied(self, judged: Judged, resolved: Resolved, asker: _Asker) -> AccessDenied:
        """The denial in the words of the call's protocol."""
        route = resolved.authenticated.parsed.route
        same = _share_organization(asker.place, asker.places.get(judged.request.resource_account))
        message = self._message(judged, same_organization=same)
        if route.family == "ec2":
            message = self._ec2(message, judged, route.operation)
        elif route.family == "s3" and _is_stranger(judged, same_organization=same):
            message = "Access Denied"
        code = catalog.denial_code(route.service, route.operation, route.family)
        return self._refusal(judged, message, resolved.authenticated.region, code)

    def _message(self, judged: Judged, *, same_organization: bool) -> str:
        """Whoever comes with a token of an identity provider has no name to be told.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
        """
        check, principal = judged.check, judged.request.principal
        if principal.kind in _BY_TOKEN:
            return f"Not authorized to perform {check.action}"
        return denial_message(
            judged.decision,
            action=_spelled(check.action),
            resource_named=check.named,
            caller_arn=principal.arn,
            same_organization=same_organization,
        )

    def _ec2(self, message: str, judged: Judged, operation: str) -> str:
        """EC2's own head, and behind what changes something the whole decision, sealed.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
        """
        text = _EC2_HEAD + message
        if self._vault is None or operation.startswith(_READS):
            return text
        return f"{text}. Encoded authorization failure message: {self._vault.seal_message(encoded_message(judged))}"

    def _refusal(self, judged: Judged, message: str, region: str, code: str = "") -> AccessDenied:
        authorization_id = self._chance.base36(_ID_LENGTH)
        if self._tail:
            message = f"{message}. {self._pointer(authorization_id, region)}"
        return AccessDenied(
            message,
            judged=judged,
            authorization_id=authorization_id,
            denial_code=code,
        )

    def _pointer(self, authorization_id: str, region: str) -> str:
        """Where the decision can be read, in AWS's words where a console is known."""
        call = f"call the GetRequestAuthorizationDetails API with the following authorization id: {authorization_id}"
        if not self._endpoint:
            return f"For complete details, {call}"
        place = f"{self._endpoint}/iam/home?region={region}#/authorization-details/{authorization_id}"
        return f"Go to {place} for complete details, or {call}"


def _owner_account(resource: str, facts: ResourceFacts | None, asker: _Asker) -> str:
    """Whose a resource is: as its facts say, else as its ARN says, "" for `*`, which belongs to nobody.

    One without an account, such as a bucket that does not exist, is taken for the caller's own.
    """
    if facts is not None:
        return asker.caller.principal.account if _shares(facts, asker.place) else facts.account
    arn = Arn.parse(resource)
    if arn is None:
        return ""
    if len(arn.account) == _ACCOUNT_DIGITS and arn.account.isdecimal():
        return arn.account
    return asker.caller.principal.account


def _shares(facts: ResourceFacts, place: Membership | None) -> bool:
    """Whether the caller's account has its own part in the resource, as an organization's members in its trails.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    return bool(facts.organization) and place is not None and place.organization.id == facts.organization


def _spelled(action: str) -> str:
    """SNS alone spells its prefix in capitals.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    return f"SNS:{action[4:]}" if action.startswith("sns:") else action


def _share(judged: Judged, reader: Reader) -> bool:
    """Whether caller and resource are in one organization."""
    request = judged.request
    return _share_organization(
        membership(request.principal.account, reader), membership(request.resource_account, reader)
    )


def _share_organization(one: Membership | None, other: Membership | None) -> bool:
    return one is not None and other is not None and one.organization.id == other.organization.id


def _is_stranger(judged: Judged, *, same_organization: bool) -> bool:
    """S3 tells its reasons only within an account or an organization.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    evidence = judged.decision.evidence
    return not evidence.member or (evidence.crosses and not same_organization)


def _place(asker: _Asker, account: str, reader: Reader) -> Membership | None:
    """The place of the resource's account; each account is looked up once a call."""
    if account not in asker.places:
        asker.places[account] = membership(account, reader)
    return asker.places[account]


def _organized(context: Mapping[str, ContextValue], reader: Reader) -> Mapping[str, ContextValue]:
    account = context.get("aws:SourceAccount")
    return service_context(membership(account, reader)) if isinstance(account, str) else {}
