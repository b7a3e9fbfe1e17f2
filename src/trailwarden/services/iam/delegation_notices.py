"""What a partner is told of its requests, on its own SNS topic: the token among it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-building-integration.html
"""

import base64
import json

from trailwarden.arn import Arn
from trailwarden.services.iam.delegation_request import DelegationRequest
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.sns.encryption import service_may_encrypt
from trailwarden.services.sns.message import Message, publish
from trailwarden.services.sns.topic import TOPIC, Topic
from trailwarden.services.world import World

__all__ = ["check_channel", "notify", "request_behind"]

_SERVICE = "iam.amazonaws.com"
_PURPOSE = "delegation-token"
_LONGEST = 1_024


def check_channel(world: World, requestor: str, channel: str) -> None:
    """The channel is a topic of the partner's that IAM may publish to. InvalidInput.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateDelegationRequest.html (NotificationChannel)
    """
    topic = _topic(world, channel)
    if topic is None or topic.account != requestor or not _may_publish(world, topic, requestor):
        raise InvalidInput(reason=f"IAM cannot publish to the notification channel {channel}.")


def notify(world: World, request: DelegationRequest) -> None:
    """Tell the partner the request's state, and give it the token once that is sent.

    A topic that is gone or closed since is told nothing; the request's state stays, and the partner can be asked anew.
    """
    topic = _topic(world, request.channel)
    if topic is None or not _may_publish(world, topic, request.requestor):
        return
    told = {
        "DelegationRequestId": request.id,
        "RequestorWorkflowId": request.workflow,
        "State": request.state,
        "OwnerAccountId": request.owner_account,
        "RejectionReason": request.rejection,
        "TradeInToken": _token(world, request) if request.state == "FINALIZED" else "",
    }
    body = json.dumps({name: value for name, value in told.items() if value}, separators=(",", ":"))
    message = Message(id=world.chance.uuid(), topic_arn=topic.arn, body=body, published=world.now)
    publish(world.transaction, topic, message)


def request_behind(world: World, token: str) -> str:
    """The id of the request that a token was sent for, "" for any other text."""
    if len(token) > _LONGEST:
        return ""
    try:
        sealed = base64.b64decode(token, validate=True)
    except ValueError:
        return ""
    found = world.vault.open(sealed, _PURPOSE)
    return "" if found is None else found.decode()


def _token(world: World, request: DelegationRequest) -> str:
    return base64.b64encode(world.vault.seal(request.id.encode(), _PURPOSE, chance=world.chance)).decode()


def _topic(world: World, channel: str) -> Topic | None:
    arn = Arn.parse(channel)
    if arn is None or arn.service != "sns":
        return None
    return world.find(TOPIC, arn.account, arn.region, arn.resource)


def _may_publish(world: World, topic: Topic, account: str) -> bool:
    context = {"aws:SourceAccount": account}
    may = world.service_may(_SERVICE, "sns:Publish", topic.arn, context)
    return may and service_may_encrypt(world, topic, _SERVICE, context)
