"""Makes the changes of a mend with clients, and takes them back where nothing has touched them since."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from trailwarden.diagnose.account import policy_text
from trailwarden.diagnose.data import Clients, Unreadable
from trailwarden.diagnose.document import statements_of, with_statements
from trailwarden.diagnose.edits import Act, Attach, ClientCall, Edit, Place, SetDocument

__all__ = ["Made", "Moved", "edit_from", "edit_text", "made_from", "made_text", "make", "place_of", "take_back"]

_GONE = frozenset({"NoSuchEntity", "NoSuchBucketPolicy", "NoSuchBucket", "NotFoundException", "ResourceNotFoundException", "ResourcePolicyNotFoundException"})  # fmt: skip


class Moved(Exception):
    """What stands is not what the change left; the text names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A change that was made. `version` and `former` are a managed policy's new and earlier default version."""

    edit: Edit
    version: str = ""
    former: str = ""

    @property
    def place(self) -> str:
        """Where, as a person says it."""
        return place_of(self.edit)


def place_of(edit: Edit) -> str:
    """Where an edit changes something, as a person says it."""
    if isinstance(edit, SetDocument):
        return edit.place.described
    return f"{edit.kind} {edit.holder}" if isinstance(edit, Attach) else edit.call.command


def make(edits: Iterable[Edit], clients: Clients) -> tuple[Made, ...]:
    """Make the changes in order. Raises what the clients raise; then those before it are made."""
    return tuple(_make(edit, clients) for edit in edits)


def _make(edit: Edit, clients: Clients) -> Made:
    managed = isinstance(edit, SetDocument) and edit.place.kind == "managed"
    former = _default(clients, edit.place.holder) if isinstance(edit, SetDocument) and managed else ""
    answer = _done(edit.call, clients)
    return Made(edit=edit, former=former, version=answer["PolicyVersion"]["VersionId"] if managed else "")


def take_back(made: Iterable[Made], clients: Clients, *, absent_is_done: bool = False) -> None:
    """Undo the changes, the last one first. Raises Moved, before anything is undone, where one is not as it was left.

    `absent_is_done` takes what is gone altogether, policy or holder, for undone already.
    Where a document has been changed since but still holds the added statement whole, that statement alone is taken out.
    Raises Unreadable for a change that cannot be undone.
    """
    steps: list[ClientCall] = []
    for each in reversed(tuple(made)):
        found = _steps_back(each, clients)
        if found is None and not absent_is_done:
            raise Moved(each.place)
        steps.extend(found or ())
    for step in steps:
        _done(step, clients)


def _done(call: ClientCall, clients: Clients) -> Mapping[str, Any]:
    answer: Mapping[str, Any] | None = getattr(clients.client(call.service), call.method)(**call.params)
    return answer or {}


def _steps_back(made: Made, clients: Clients) -> tuple[ClientCall, ...] | None:
    """The calls that undo a change; None where nothing of it is left. Raises Moved, Unreadable."""
    edit = made.edit
    if isinstance(edit, Act):
        raise Unreadable(f"this cannot be undone: {edit.call.command}")
    if isinstance(edit, Attach):
        return _detach(edit, clients)
    standing = _standing(edit.place, clients)
    if not standing:
        return None
    if _same(standing, edit.after):
        if edit.place.kind == "managed" and made.former:
            return _earlier_version(made, edit.place.holder)
        return (_put(edit, edit.before),)
    left = _without(standing, edit)
    if left is None:
        raise Moved(edit.place.described)
    return (_put(edit, left),)


def _detach(edit: Attach, clients: Clients) -> tuple[ClientCall, ...] | None:
    name = edit.kind.capitalize()
    pages = clients.client("iam").get_paginator(f"list_attached_{edit.kind}_policies")
    try:
        attached = [
            each["PolicyArn"]
            for page in pages.paginate(**{f"{name}Name": edit.holder})
            for each in page["AttachedPolicies"]
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise
    if edit.arn not in attached:
        return None
    params = {f"{name}Name": edit.holder, "PolicyArn": edit.arn}
    return (ClientCall(service="iam", operation=f"Detach{name}Policy", params=params),)


def _earlier_version(made: Made, arn: str) -> tuple[ClientCall, ...]:
    former, version = ({"PolicyArn": arn, "VersionId": each} for each in (made.former, made.version))
    return (
        ClientCall(service="iam", operation="SetDefaultPolicyVersion", params=former),
        ClientCall(service="iam", operation="DeletePolicyVersion", params=version),
    )


def _put(edit: SetDocument, text: str) -> ClientCall:
    """The call that leaves a document there, or none where it is empty."""
    call = edit.call
    if text:
        document = next(name for name, value in call.params.items() if value == edit.after)
        return ClientCall(service=call.service, operation=call.operation, params={**call.params, document: text})
    delete = _DELETES.get(edit.place.kind)
    if delete is None:
        raise Unreadable(f"{edit.place.described} cannot be taken away")
    operation, members = delete
    kept = {name: value for name, value in call.params.items() if name in members}
    return ClientCall(service=call.service, operation=operation, params=kept)


_DELETES: Mapping[str, tuple[str, frozenset[str]]] = {
    "user": ("DeleteUserPolicy", frozenset({"UserName", "PolicyName"})),
    "group": ("DeleteGroupPolicy", frozenset({"GroupName", "PolicyName"})),
    "role": ("DeleteRolePolicy", frozenset({"RoleName", "PolicyName"})),
    "bucket": ("DeleteBucketPolicy", frozenset({"Bucket"})),
    "store": ("DeleteResourcePolicy", frozenset({"ResourceArn"})),
}


def _same(one: str, other: str) -> bool:
    """Whether two documents say the same, however they are written."""
    return bool(one) == bool(other) and (not one or json.loads(one) == json.loads(other))


def _without(standing: str, edit: SetDocument) -> str | None:
    """The document without the statement that the change added; None where the change did more, or it is not there."""
    if len(statements_of(edit.after)) != len(statements_of(edit.before)) + 1:
        return None
    statements = statements_of(standing)
    if edit.statement not in statements:
        return None
    statements.remove(edit.statement)
    return with_statements(standing, statements) if statements else ""


def _standing(place: Place, clients: Clients) -> str:
    """The document that stands at a place now, "" where none does."""
    try:
        return policy_text(_READS[place.kind](clients, place))
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return ""
        raise


def _inline(kind: str) -> Callable[[Clients, Place], object]:
    def read(clients: Clients, place: Place) -> object:
        get = getattr(clients.client("iam"), f"get_{kind}_policy")
        return get(**{f"{kind.capitalize()}Name": place.holder, "PolicyName": place.name})["PolicyDocument"]

    return read


def _default(clients: Clients, arn: str) -> str:
    version: str = clients.client("iam").get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return version


def _managed(clients: Clients, place: Place) -> object:
    iam, version = clients.client("iam"), _default(clients, place.holder)
    return iam.get_policy_version(PolicyArn=place.holder, VersionId=version)["PolicyVersion"]["Document"]


_READS: Mapping[str, Callable[[Clients, Place], object]] = {
    "user": _inline("user"),
    "group": _inline("group"),
    "role": _inline("role"),
    "managed": _managed,
    "trust": lambda clients, place: clients.client("iam").get_role(RoleName=place.holder)["Role"][
        "AssumeRolePolicyDocument"
    ],
    "bucket": lambda clients, place: clients.client("s3").get_bucket_policy(Bucket=place.holder)["Policy"],
    "key": lambda clients, place: clients.client("kms").get_key_policy(KeyId=place.holder, PolicyName="default")[
        "Policy"
    ],
    "topic": lambda clients, place: (
        clients.client("sns").get_topic_attributes(TopicArn=place.holder)["Attributes"].get("Policy", "")
    ),
    "organization": lambda clients, place: clients.client("organizations").describe_policy(
        PolicyId=place.holder.rpartition("/")[2]
    )["Policy"]["Content"],
    "store": lambda clients, place: (
        clients.client("cloudtrail").get_resource_policy(ResourceArn=place.holder).get("ResourcePolicy", "")
    ),
}

_KINDS: Mapping[str, type[SetDocument] | type[Attach] | type[Act]] = {
    "document": SetDocument,
    "attach": Attach,
    "call": Act,
}


def edit_text(edit: Edit) -> str:
    """An edit as JSON, from which `edit_from` makes it again."""
    kind = next(name for name, made in _KINDS.items() if isinstance(edit, made))
    return msgspec.json.encode({"kind": kind, "edit": _plain(edit)}).decode()


def edit_from(text: str | bytes) -> Edit:
    """The edit that was written so. Raises Unreadable."""
    try:
        return _edit(msgspec.json.decode(text))
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise Unreadable(f"this is no change: {error}") from error


def made_text(made: Iterable[Made]) -> str:
    """Changes that were made as JSON, from which `made_from` makes them again."""
    return msgspec.json.encode(
        [{**json.loads(edit_text(each.edit)), "version": each.version, "former": each.former} for each in made]
    ).decode()


def made_from(text: str | bytes) -> tuple[Made, ...]:
    """The changes that were written so. Raises Unreadable."""
    try:
        return tuple(
            Made(edit=_edit(each), version=str(each["version"]), former=str(each["former"]))
            for each in msgspec.json.decode(text, type=list[dict[str, Any]])
        )
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise Unreadable(f"this is no list of changes that were made: {error}") from error


def _plain(edit: Edit) -> Any:
    return msgspec.to_builtins({name: getattr(edit, name) for name in edit.__slots__})


def _edit(given: Mapping[str, Any]) -> Edit:
    return msgspec.convert(given["edit"], type=_KINDS[given["kind"]])
