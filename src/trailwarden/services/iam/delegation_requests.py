"""Temporary delegation: a partner asks, somebody of the account takes it on, accepts, and sends the token.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.identities import ACCOUNT
from trailwarden.services.call import Call
from trailwarden.services.iam.delegation_notices import check_channel, notify
from trailwarden.services.iam.delegation_permissions import covered
from trailwarden.services.iam.delegation_request import (
    Approver,
    DelegationRequest,
    DelegationRequestNotFound,
    keep_request,
    moved,
    requests_of,
    standing_request,
)
from trailwarden.services.iam.delegation_templates import asked_policy
from trailwarden.services.iam.errors import EntityAlreadyExists, InvalidInput
from trailwarden.services.iam.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreateDelegationRequestRequestTypeDef

__all__ = [
    "accept_delegation_request",
    "associate_delegation_request",
    "create_delegation_request",
    "get_delegation_request",
    "list_delegation_requests",
    "reject_delegation_request",
    "send_delegation_token",
    "update_delegation_request",
    "visible_request",
]

_LONGEST_NAME = 30


class WorkflowAlreadyExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateDelegationRequest.html (RequestorWorkflowId)."""

    message = "A delegation request with the workflow id {id} already exists."


@operation("iam:CreateDelegationRequest")
def create_delegation_request(call: Call, world: World) -> Mapping[str, Any]:
    """Ask another account for a policy of the caller's own templates, for a while.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateDelegationRequest.html
    """
    asked: CreateDelegationRequestRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    owner = asked.get("OwnerAccountId", "")
    if owner and world.find(ACCOUNT, owner, "", owner) is None:
        raise InvalidInput(reason=f"The account {owner} does not exist.")
    wanted = asked_policy(world, call.account, asked["Permissions"])
    check_channel(world, call.account, asked["NotificationChannel"])
    workflow = asked["RequestorWorkflowId"]
    if any((each.requestor, each.workflow) == (call.account, workflow) for each in requests_of(world)):
        raise WorkflowAlreadyExists(id=workflow)
    partner = world.find(ACCOUNT, call.account, "", call.account)
    request = DelegationRequest(
        id=world.chance.uuid(),
        requestor=call.account,
        requestor_name=(partner.name if partner else "")[:_LONGEST_NAME],
        workflow=workflow,
        template=asked["Permissions"]["PolicyTemplateArn"],
        parameters=tuple(dict(each) for each in asked["Permissions"].get("Parameters", ())),
        policy=wanted.policy,
        restrictions=wanted.restrictions,
        description=asked["Description"],
        message=asked.get("RequestMessage", ""),
        redirect=asked.get("RedirectUrl", ""),
        channel=asked["NotificationChannel"],
        duration=asked["SessionDuration"],
        only_owner_sends=asked.get("OnlySendByOwner", False),
        owner_account=owner,
        created=call.now,
        updated=call.now,
    )
    keep_request(world, request)
    link = f"{world.settings.endpoint}/_trailwarden/console/#/delegation-requests/{request.id}"
    return {"ConsoleDeepLink": link, "DelegationRequestId": request.id}


@operation("iam:AssociateDelegationRequest")
def associate_delegation_request(call: Call, world: World) -> None:
    """Take a request on, as its owner.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AssociateDelegationRequest.html
    """
    request = standing_request(world, call.params["DelegationRequestId"])
    if request.owner_account not in {"", call.account}:
        raise DelegationRequestNotFound(id=request.id)
    taken = moved(world, request, "ASSIGNED")
    owner = call.caller.principal.arn
    keep_request(world, msgspec.structs.replace(taken, owner=owner, owner_account=call.account))


@operation("iam:UpdateDelegationRequest")
def update_delegation_request(call: Call, world: World) -> None:
    """Pass a request on for approval, with notes.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateDelegationRequest.html
    """
    request = moved(world, _owned(call, world), "PENDING_APPROVAL")
    keep_request(world, msgspec.structs.replace(request, notes=call.params.get("Notes", request.notes)))


@operation("iam:AcceptDelegationRequest")
def accept_delegation_request(call: Call, world: World) -> None:
    """Grant what is asked for, with the caller's own permissions as the limit.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcceptDelegationRequest.html
    """
    request = moved(world, _owned(call, world), "ACCEPTED")
    caller = call.caller
    approver = Approver(principal=caller.principal, user_name=caller.user_name, session=caller.session)
    keep_request(world, msgspec.structs.replace(request, approver=approver))


@operation("iam:RejectDelegationRequest")
def reject_delegation_request(call: Call, world: World) -> None:
    """Refuse what is asked for, or take acceptance back as long as the token is not sent.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RejectDelegationRequest.html
    """
    request = moved(world, _owned(call, world), "REJECTED")
    rejected = msgspec.structs.replace(request, rejection=call.params.get("Notes", ""))
    keep_request(world, rejected)
    notify(world, rejected)


@operation("iam:SendDelegationToken")
def send_delegation_token(call: Call, world: World) -> None:
    """Send the token that the partner exchanges for credentials; their time begins now.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SendDelegationToken.html
    """
    request = _owned(call, world)
    if request.only_owner_sends and request.owner != call.caller.principal.arn:
        raise InvalidInput(reason="The delegation token can only be sent by the owner of the delegation request.")
    sent = msgspec.structs.replace(moved(world, request, "FINALIZED"), sent=call.now)
    keep_request(world, sent)
    notify(world, sent)


@operation("iam:GetDelegationRequest")
def get_delegation_request(call: Call, world: World) -> Mapping[str, Any]:
    """Show a request, and whether the caller has what it asks for.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetDelegationRequest.html
    """
    request = visible_request(call, world, call.params["DelegationRequestId"])
    answer: dict[str, Any] = {"DelegationRequest": _shown(request)}
    if call.params.get("DelegationPermissionCheck"):
        answer |= {
            "PermissionCheckStatus": "COMPLETE",
            "PermissionCheckResult": covered(call, world, request.policy),
        }
    return answer


@operation("iam:ListDelegationRequests")
def list_delegation_requests(call: Call, world: World) -> Mapping[str, Any]:
    """List the requests that somebody of the account has taken on.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListDelegationRequests.html
    """
    owner = call.params.get("OwnerId", "")
    owned = [each for each in requests_of(world) if each.owner_account == call.account and each.owner]
    found = page(call, [each for each in owned if owner in {"", each.owner}], lambda each: each.id)
    rest = {"isTruncated": found.rest["IsTruncated"]}
    if "Marker" in found.rest:
        rest["Marker"] = found.rest["Marker"]
    return {"DelegationRequests": [_shown(each) for each in found.items], **rest}


def visible_request(call: Call, world: World, name: str) -> DelegationRequest:
    """The request, for its account, or for anybody as long as it is meant for no account. DelegationRequestNotFound."""
    request = standing_request(world, name)
    if request.owner_account not in {"", call.account}:
        raise DelegationRequestNotFound(id=name)
    return request


def _owned(call: Call, world: World) -> DelegationRequest:
    """A request that somebody of the caller's account has taken on."""
    request = standing_request(world, call.params["DelegationRequestId"])
    if not request.owner or request.owner_account != call.account:
        raise DelegationRequestNotFound(id=request.id)
    return request


def _shown(request: DelegationRequest) -> dict[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DelegationRequest.html."""
    told = {
        "OwnerAccountId": request.owner_account,
        "OwnerId": request.owner,
        "ApproverId": request.approver.principal.arn if request.approver else "",
        "RequestMessage": request.message,
        "RequestorName": request.requestor_name,
        "RedirectUrl": request.redirect,
        "Notes": request.notes,
        "RejectionReason": request.rejection,
        "RolePermissionRestrictionArns": list(request.restrictions),
    }
    return {
        "DelegationRequestId": request.id,
        "Description": request.description,
        "Permissions": {"PolicyTemplateArn": request.template, "Parameters": list(request.parameters)},
        "PermissionPolicy": request.policy,
        "State": request.state,
        "ExpirationTime": request.expires,
        "RequestorId": request.requestor,
        "CreateDate": request.created,
        "SessionDuration": request.duration,
        "OnlySendByOwner": request.only_owner_sends,
        "UpdatedTime": request.updated,
        **{name: value for name, value in told.items() if value},
    }
