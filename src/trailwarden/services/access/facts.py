"""What everybody may do without being granted it, as a policy on the resource: ask about one's own refusals.

So the engine decides as ever, and an explicit deny takes even this away. See docs/design/0007-access-requests.md.
"""

import json
from collections.abc import Mapping

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.access.request import ACCESS_REQUEST
from trailwarden.storage.ports import Reader

__all__ = ["access_facts"]

_OWN: Mapping[str, str] = {
    "refusal/own": "trailwarden:CreateAccessRequest",
    "access-request/own": "trailwarden:ListAccessRequests",
}
_OF_REQUESTER = ["trailwarden:GetAccessRequest", "trailwarden:RejectAccessRequest"]


def access_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """The owner, and the policy that lets every principal of the account ask, or a requester see and withdraw."""
    action = _OWN.get(arn.resource)
    if action is not None:
        member = {"StringEquals": {"aws:PrincipalAccount": arn.account}}
        return _facts(arn, {"Principal": "*", "Action": action, "Resource": str(arn), "Condition": member})
    if arn.type != "access-request":
        return None
    document = reader.get(ACCESS_REQUEST, arn.account, arn.region, arn.name)
    if document is None:
        return None
    who = {"AWS": document.body.requester}
    return _facts(arn, {"Principal": who, "Action": _OF_REQUESTER, "Resource": str(arn)})


def _facts(arn: Arn, statement: Mapping[str, object]) -> ResourceFacts:
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Own", "Effect": "Allow", **statement}]}
    return ResourceFacts(account=arn.account, policies=((str(arn), json.dumps(policy)),))
