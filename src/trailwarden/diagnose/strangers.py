"""What only the owner in another account can do, and what is left where everything at hand allows the call."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from trailwarden.arn import Arn
from trailwarden.diagnose.case import Case, MoreNeeded, ask
from trailwarden.diagnose.cause import blamed_statements
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.known import Known
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.told import told_layer
from trailwarden.diagnose.wording import caller_named, holder_named, resource_named
from trailwarden.policy import Layer, PrincipalKind

__all__ = ["allowed_causes", "bare", "by_owner", "left", "told_by_aws", "told_to_owners"]

_OWNED = frozenset({Layer.RESOURCE, Layer.TRUST})
_CAPS = frozenset({Layer.BOUNDARY, Layer.SCP, Layer.RCP})


def by_owner(case: Case, mend: Mend) -> Mend:
    """The mend, marked as the owner's where all it changes belongs to another account than the caller's."""
    foreign = case.request.resource_account not in {"", case.request.principal.account}
    layers = {edit.source.layer for edit in mend.edits if hasattr(edit, "source")}
    return replace(mend, told=Remedy.OWNER) if foreign and layers and layers <= _OWNED else mend


def told_to_owners(case: Case) -> Iterator[Mend]:
    """What the owner of a resource has to add to its policy, where that cannot be changed from here."""
    blocked = [block for block in case.decision.blocks if not block.explicit and block.layer in _OWNED]
    if not blocked or any(block.explicit for block in case.decision.blocks):
        return
    principal = case.request.principal
    who = (
        {"AWS": principal.issuer_arn or principal.arn}
        if principal.arn.startswith("arn:")
        else {"Service": principal.arn}
    )
    statement: dict[str, object] = {"Effect": "Allow", "Principal": who, "Action": case.request.action}
    if blocked[0].layer is Layer.RESOURCE:
        statement["Resource"] = case.granted if not case.granted.startswith("arn:aws:kms:") else "*"
    owner = case.request.resource_account
    foreign = owner not in {"", principal.account}
    what = (
        f"the trust policy of {resource_named(case.request.resource)}"
        if blocked[0].layer is Layer.TRUST
        else (f"the policy of {holder_named(case.request.resource)}")
    )
    other = f", or assume a role in account {owner}" if foreign and blocked[0].layer is Layer.RESOURCE else ""
    yield Mend(
        title=f"have {what} let {caller_named(case)} in: {json.dumps(statement)}{other}",
        told=Remedy.OWNER if foreign else Remedy.ALLOW,
        approver=f"the owner, account {owner}" if owner else "the resource's owner",
    )


def told_by_aws(refusal: Refusal, case: Case) -> Known | None:
    """What AWS's own words settle of policies that are not at hand; None where those at hand agree, or where it names none."""
    first = case.decision.first
    if refusal.explicit is None or (
        first is not None and first.explicit is refusal.explicit and refusal.layer in {None, first.layer}
    ):
        return None
    if not _not_at_hand(refusal, case) or blamed_statements(case):
        return None
    what = (
        case.request.action
        if case.request.resource == "*"
        else f"{case.request.action} on {resource_named(case.request.resource)}"
    )
    return told_layer(refusal, caller_named(case), what, case.granted)


def _not_at_hand(refusal: Refusal, case: Case) -> bool:
    """Whether the data lacks what AWS speaks of: the layer it names, or any, where it names none."""
    account_unknown = any("taken to allow" in name for name in case.missing)
    if case.request.principal.kind is PrincipalKind.SERVICE:
        return refusal.layer is Layer.IDENTITY
    if refusal.layer is None:
        return bool(case.missing) and not any(block.explicit for block in case.decision.blocks)
    if refusal.layer is Layer.ENDPOINT:
        return True
    words = _MISSING.get(refusal.layer) if refusal.explicit or refusal.layer is not Layer.RESOURCE else None
    lacking = words is not None and any(name.startswith(words) for name in case.missing)
    return lacking or (account_unknown and refusal.layer in _OF_CALLERS)


_OF_CALLERS = frozenset({Layer.IDENTITY, Layer.BOUNDARY, Layer.SCP})
_MISSING = {
    Layer.BOUNDARY: "the permissions boundary",
    Layer.SCP: "the service control policies over",
    Layer.RCP: "the resource control policies over",
    Layer.RESOURCE: "the resource-based policy of",
}


def left(case: Case, mends: list[Mend]) -> Iterator[Mend]:
    """Where only a guardrail could be widened: leave it, first."""
    first = case.decision.first
    if (
        first is None
        or first.explicit
        or first.layer not in _CAPS
        or not mends
        or not all(mend.guardrail for mend in mends)
    ):
        return
    yield Mend(
        title=f"leave the {first.layer} as it is, if {case.request.action} is kept out on purpose, and do it as a principal that may",
        told=Remedy.LEAVE,
        approver=mends[0].approver,
    )


_BARE = re.compile(r"\b(?:Access Denied|Forbidden)\b")


def bare(refusal: Refusal) -> Known | None:
    """S3's bare words, with nothing else at hand; None for others."""
    words = refusal.text.rstrip(".").rpartition(": ")[2]
    reading = refusal.operation in {"GetObject", "HeadObject"} and _BARE.search(refusal.text) is not None
    if refusal.action or (words not in {"Access Denied", "Forbidden"} and not reading):
        return None
    return Known(cause=_S3_BARE, mends=(_S3_OTHERS[1], _S3_OTHERS[0]))


def allowed_causes(refusal: Refusal, case: Case, data: AccountData) -> tuple[str, tuple[Mend, ...]] | None:
    """Why S3 still says no where every policy at hand says yes, the likeliest first; None for other services.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    arn = Arn.parse(case.request.resource)
    if arn is None or arn.service != "s3":
        return None
    reading = case.request.action.lower().startswith("s3:getobject") and "/" in arn.resource
    if reading and not _lists(refusal, case, data, arn):
        return _HIDDEN.format(who=caller_named(case), key=arn.resource.partition("/")[2]), (
            Mend(
                title=f"look whether the object {arn.resource.partition('/')[2]} exists, and correct the key; with s3:ListBucket on the bucket "
                "the answer would have been 404",
                told=Remedy.REQUEST,
            ),
            *_S3_OTHERS,
        )
    return _S3_REST, (*_S3_OTHERS,)


def _lists(refusal: Refusal, case: Case, data: AccountData, arn: Arn) -> bool:
    bucket = f"arn:{arn.partition}:s3:::{arn.resource.partition('/')[0]}"
    try:
        listing = ask(
            refusal,
            data,
            principal=case.request.principal.arn,
            action="s3:ListBucket",
            resource=bucket,
            context={},
            owner="",
        )
    except MoreNeeded:
        return True
    return listing.decision.allowed


_HIDDEN = (
    "the policies at hand allow it, and {who} may not list the bucket: S3 then answers 403 for an object that does not exist, "
    "as {key} may not"
)
_S3_REST = (
    "the policies at hand allow it, and S3 gives no reason: it tells none to callers of another account outside the organization, for "
    "directory buckets, and for denials by an endpoint policy"
)
_S3_BARE = (
    "S3 gives no reason, which itself tells something: the caller is of another account outside the organization, or the bucket is a "
    "directory bucket, or an endpoint policy denied; or the object does not exist and the caller may not list the bucket"
)
_S3_OTHERS = (
    Mend(
        title="ask the object's owner: an object that another account wrote without bucket-owner-full-control is not reached by the "
        "bucket owner's policies (aws s3api get-object-acl); BucketOwnerEnforced ends that for new objects, old ones must be copied by "
        "the account that owns them",
        told=Remedy.OWNER,
        approver="the account that wrote the object",
    ),
    Mend(
        title="look at what is not at hand: the bucket's policy if another account owns it, the key that encrypts the object (kms:Decrypt), "
        "the endpoint's policy",
        told=Remedy.OWNER,
        approver="the bucket's owner",
    ),
)
