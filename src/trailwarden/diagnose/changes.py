"""Changes to policies that are thought of: read from a file, and what account data would be with them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.diagnose.account import Account, Identity, IdentityKind, policy_text
from trailwarden.diagnose.data import FileData, Levels, Unreadable
from trailwarden.policy import (
    BUCKET,
    IDENTITY,
    RCP,
    RESOURCE,
    SCP,
    TRUST,
    Grammar,
    Layer,
    MalformedPolicy,
    Source,
    compile_policy,
)

__all__ = ["Change", "Changed", "change_data", "read_changes"]

_FILE_MAX = 16 * 1024 * 1024
_SCP, _RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One document put in its place, or taken away (`document` is None; "" where the edit gives none).

    `kind` is a key of the table in the guide's section "What if"; `holder` whose or which policy it is; `name` the
    policy's where the holder has several; `level` counts an organization's tree from the root (0), None for all levels.
    """

    kind: str
    holder: str
    name: str = ""
    level: int | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The data with all changes made. `touched` are the documents that went or came."""

    data: FileData
    touched: tuple[str, ...]


class _Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    holder: str
    name: str = ""
    level: int | None = None


class _Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    place: _Place
    document: dict[str, Any] | str | msgspec.UnsetType | None = msgspec.UNSET


def read_changes(path: Path) -> tuple[Change, ...]:
    """The changes in a file, each document checked by the grammar of its kind. Raises Unreadable."""
    try:
        if path.stat().st_size > _FILE_MAX:
            raise Unreadable(f"{path} is larger than {_FILE_MAX >> 20} MiB")
        edits = msgspec.json.decode(path.read_bytes(), type=list[_Edit])
    except (OSError, msgspec.DecodeError) as error:
        raise Unreadable(f"{path} is no list of changes: {error}") from error
    if not edits:
        raise Unreadable(f"{path} holds no change")
    return tuple(map(_change, edits))


def _change(edit: _Edit) -> Change:
    place = edit.place
    if place.kind not in _MAKERS:
        raise Unreadable(f"there is no place of the kind {place.kind}; there are {', '.join(sorted(_MAKERS))}")
    given = edit.document
    if given is msgspec.UNSET and place.kind not in {"attached", "boundary"}:
        raise Unreadable(f"the change of {place.holder} has no document; null takes the policy away")
    document = "" if given is msgspec.UNSET else None if given is None else policy_text(given)
    change = Change(kind=place.kind, holder=place.holder, name=place.name, level=place.level, document=document)
    if document:
        _check(change, document)
    return change


_GRAMMARS: Mapping[str, Grammar] = {
    "scp": SCP,
    "rcp": RCP,
    "trust": TRUST,
    "bucket": BUCKET,
    **dict.fromkeys(("user", "group", "role", "managed", "boundary", "attached"), IDENTITY),
}


_INLINE = frozenset({"user", "group", "role"})


def _check(change: Change, document: str) -> None:
    """By the grammar; inline policies are limited in sum alone, so that one of them is read as a value, which has no size."""
    try:
        written = msgspec.json.decode(document) if change.kind in _INLINE else document
        source = Source(layer=Layer.IDENTITY, id=change.holder)
        compile_policy(written, source, grammar=_GRAMMARS.get(change.kind, RESOURCE))
    except (MalformedPolicy, msgspec.DecodeError) as error:
        raise Unreadable(f"the new document of {change.kind} {change.name or change.holder}: {error}") from error


def change_data(data: FileData, changes: Iterable[Change]) -> Changed:
    """The data as it would be. Raises Unreadable where a place is not there."""
    touched: list[str] = []
    for change in changes:
        made, gone = _MAKERS[change.kind](data, change)
        touched.extend(text for text in (*gone, change.document) if text)
        data = made
    return Changed(data=data, touched=tuple(touched))


_Made = tuple[FileData, tuple[str, ...]]
"""The data with a change, and the documents that it did away with."""


def _with_identity(data: FileData, identity: Identity) -> FileData:
    account = data.details
    identities = {**account.identities, (identity.kind, identity.name.lower()): identity}
    return replace(data, details=replace(account, identities=identities))


def _identity(account: Account, holder: str, kinds: tuple[IdentityKind, ...]) -> Identity:
    """The identity of a name, `role/NAME` or ARN."""
    arn = Arn.parse(holder)
    kind, slash, name = (arn.resource if arn else holder).partition("/")
    wanted = tuple(each for each in kinds if not slash or each == kind)
    name = name.rpartition("/")[2] if slash else holder
    found = [identity for each in wanted if (identity := account.find(each, name)) is not None]
    if len(found) != 1:
        fault = "more than one identity" if found else f"no {' or '.join(wanted or kinds)}"
        raise Unreadable(f"there is {fault} of the name {holder} in account {account.id}")
    return found[0]


def _inline(kind: IdentityKind) -> Callable[[FileData, Change], _Made]:
    def made(data: FileData, change: Change) -> _Made:
        holder = _identity(data.details, change.holder, (kind,))
        if not change.name:
            raise Unreadable(f'the change of {holder.named} names no policy: give "name"')
        inline = dict(holder.inline)
        gone = inline.pop(change.name, None)
        if change.document is None and gone is None:
            raise Unreadable(f"{holder.named} has no inline policy {change.name}")
        if change.document is not None:
            inline[change.name] = change.document
        return _with_identity(data, replace(holder, inline=inline)), (gone or "",)

    return made


def _managed(data: FileData, change: Change) -> _Made:
    """A managed policy's document everywhere, as an attached policy and as a boundary."""
    account = data.details
    arn = change.holder if Arn.parse(change.holder) else f"arn:aws:iam::{account.id}:policy/{change.holder}"
    standing = account.policy(arn)
    if standing is None:
        raise Unreadable(f"there is no managed policy {arn} in account {account.id}")
    if change.document is not None:
        policies = {**account.policies, arn: change.document}
        return replace(data, details=replace(account, policies=policies)), (standing,)
    for identity in account.identities.values():
        attached = tuple(each for each in identity.attached if each != arn)
        boundary = "" if identity.boundary == arn else identity.boundary
        data = _with_identity(data, replace(identity, attached=attached, boundary=boundary))
    return data, (standing,)


def _named(data: FileData, change: Change, *, default: str) -> tuple[FileData, str]:
    """The data in which the managed policy of a change has a document, and its ARN."""
    account = data.details
    name = change.name or default
    arn = name if Arn.parse(name) else f"arn:aws:iam::{account.id}:policy/{name}"
    if change.document:
        data = replace(data, details=replace(account, policies={**account.policies, arn: change.document}))
    elif change.document is not None and account.policy(arn) is None:
        raise Unreadable(f"there is no managed policy {arn} in account {account.id}")
    return data, arn


def _attached(data: FileData, change: Change) -> _Made:
    """Attach a managed policy, or detach it."""
    data, arn = _named(data, change, default="")
    holder = _identity(data.details, change.holder, ("user", "role", "group"))
    others = tuple(each for each in holder.attached if each != arn)
    if change.document is None and others == holder.attached:
        raise Unreadable(f"{arn} is not attached to {holder.named}")
    attached = others if change.document is None else (*others, arn)
    return _with_identity(data, replace(holder, attached=attached)), (data.details.policy(arn) or "",)


def _boundary(data: FileData, change: Change) -> _Made:
    """Set a permissions boundary, or take it away. Without a name, a document makes a boundary of its own."""
    holder = _identity(data.details, change.holder, ("user", "role"))
    gone = data.details.policy(holder.boundary) if holder.boundary else None
    if change.document is None:
        return _with_identity(data, replace(holder, boundary="")), (gone or "",)
    data, arn = _named(data, change, default=f"{holder.name}-boundary")
    return _with_identity(data, replace(holder, boundary=arn)), (gone or "", data.details.policy(arn) or "")


def _trust(data: FileData, change: Change) -> _Made:
    holder = _identity(data.details, change.holder, ("role",))
    return _with_identity(data, replace(holder, trust=change.document or _NOBODY)), (holder.trust,)


_NOBODY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
)
"""A role always has a trust policy; one that is taken away trusts nobody."""


def _on_resource(data: FileData, change: Change) -> _Made:
    arn = f"arn:aws:s3:::{change.holder}" if change.kind == "bucket" and not Arn.parse(change.holder) else change.holder
    if Arn.parse(arn) is None:
        raise Unreadable(f"the resource {change.holder} is to be named by its ARN")
    policies = dict(data.policies)
    gone = policies.pop(arn, None)
    if change.document is None and gone is None:
        raise Unreadable(f"{arn} has no policy in the data at hand")
    if change.document is not None:
        policies[arn] = change.document
    return replace(data, policies=policies), (gone or "",)


def _organization(kind: str) -> Callable[[FileData, Change], _Made]:
    def made(data: FileData, change: Change) -> _Made:
        if data.organization is None:
            raise Unreadable("the organization's policies are not in the data at hand: give them with --organization")
        levels = data.organization.get(kind, ())
        if kind == _RCP and not levels:
            levels = ((),) * len(data.organization.get(_SCP, ()))
        if not levels:
            raise Unreadable(f"no policy of this kind bears on account {data.details.id}: its organization has none on")
        changed, gone = _leveled(levels, change)
        return replace(data, organization={**data.organization, kind: changed}), gone

    return made


def _leveled(levels: Levels, change: Change) -> tuple[Levels, tuple[str, ...]]:
    """The levels with the policy replaced or removed wherever it hangs (on the level given), or attached to that level."""
    if change.level is not None and not -len(levels) <= change.level < len(levels):
        raise Unreadable(
            f"there is no level {change.level}: the levels are 0 (root) to {len(levels) - 1} (the account)"
        )
    wanted = range(len(levels)) if change.level is None else (change.level % len(levels),)
    places = [
        (level, place)
        for level in wanted
        for place, (arn, _) in enumerate(levels[level])
        if change.holder in {arn, arn.rpartition("/")[2]}
    ]
    rows = [list(level) for level in levels]
    gone = tuple(rows[level][place][1] for level, place in places)
    if change.document is None:
        if not places:
            raise Unreadable(f"the organization's policy {change.holder} is attached nowhere there")
        for level, place in reversed(places):
            del rows[level][place]
    elif places:
        for level, place in places:
            rows[level][place] = (rows[level][place][0], change.document)
    else:
        rows[0 if change.level is None else change.level].append((change.holder, change.document))
    return tuple(map(tuple, rows)), gone


_MAKERS: Mapping[str, Callable[[FileData, Change], _Made]] = {
    "user": _inline("user"),
    "group": _inline("group"),
    "role": _inline("role"),
    "managed": _managed,
    "attached": _attached,
    "boundary": _boundary,
    "trust": _trust,
    "scp": _organization(_SCP),
    "rcp": _organization(_RCP),
    **dict.fromkeys(("bucket", "key", "topic", "queue", "store", "resource"), _on_resource),
}
