"""Diagnosis within the server: the port that services ask through, over the documents of the call's own transaction."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from trailwarden.app.inside import Inside, Refused
from trailwarden.auth.lookup import Answer
from trailwarden.auth.organization import levels, membership
from trailwarden.auth.record import read_decided
from trailwarden.diagnose import Attach, Diagnosis, Edit, LiveData, Mend, Refusal, SetDocument, Unreadable, read_input
from trailwarden.diagnose import diagnose as find_cause
from trailwarden.diagnose.applying import (
    Moved,
    edit_from,
    edit_text,
    made_from,
    made_text,
    make,
    place_of,
    take_back,
)
from trailwarden.diagnose.data import Evaluated, Levels
from trailwarden.policy import UNKNOWN, Block
from trailwarden.services.diagnosing import (
    Asked,
    Blocking,
    Change,
    Changed,
    ChangedSince,
    Denying,
    Found,
    NotRead,
    Place,
    Way,
)
from trailwarden.services.world import World

__all__ = ["Diagnoser", "StoreData"]


@dataclass(slots=True, kw_only=True)
class StoreData(LiveData):
    """What a client of this server could read, and what the server knows besides: kept decisions and the organization."""

    world: World
    own: str

    def levels(self, account: str, kind: str) -> Levels | None:
        """The policies over the account at hand; nothing bears on a management account.

        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
        """
        if account != self.own:
            return None
        place = membership(account, self.world.transaction)
        if place is None or place.organization.management_account == account:
            return ()
        found = levels(account, self.world.transaction, kind)
        return tuple(tuple((policy.source.id, policy.text) for policy in level) for level in found)

    def evaluated(self, authorization_id: str) -> Evaluated | None:
        """The kept decision of that authorization id or event id, if it is of this account's principal."""
        storage = self.world.storage
        decided = storage.decision(authorization_id) or storage.decision(authorization_id, by="event_id")
        kept = read_decided(decided.body) if decided is not None else None
        if kept is None or kept.request.principal.account != self.own:
            return None
        request = kept.request
        context = {key: value for key, value in request.context.items() if value is not UNKNOWN}
        return Evaluated(
            principal=request.principal.arn, action=request.action, resource=request.resource, context=context
        )


@dataclass(frozen=True, slots=True)
class Diagnoser:
    """`services.diagnosing.Diagnosing`, implemented with the room above. `lookups` as the resolver's."""

    lookups: Mapping[str, Answer] = field(default_factory=dict)

    def diagnose(self, asked: Asked, place: Place, world: World) -> Found:
        """See the port."""
        try:
            return _found(find_cause(_refusal(asked), self._data(place, world)))
        except (Unreadable, ValueError) as error:
            raise NotRead(reason=f"This cannot be diagnosed: {error}") from error

    def _data(self, place: Place, world: World) -> StoreData:
        inside = Inside(world=world, place=place, lookups=self.lookups)
        return StoreData(clients=inside, region=place.region, world=world, own=place.account)

    def apply(self, changes: tuple[Change, ...], asked: Asked, place: Place, world: World) -> tuple[Changed, ...]:
        """See the port."""
        edits = tuple(edit_from(change.kept) for change in changes)
        inside = Inside(world=world, place=place, lookups=self.lookups, writing=True, demanding=True)
        with _answered(edits):
            made = make(edits, inside)
            again = find_cause(_refusal(asked), self._data(place, world))
        if again.case is not None and not again.case.decision.allowed:
            raise ChangedSince(place=", ".join(map(place_of, edits)))
        inside.record()
        return tuple(Changed(place=each.place, back=made_text([each])) for each in made)

    def revert(self, made: tuple[Changed, ...], place: Place, world: World) -> None:
        """See the port."""
        found = [back for each in made for back in made_from(each.back)]
        inside = Inside(world=world, place=place, lookups=self.lookups, writing=True)
        with _answered(back.edit for back in found):
            take_back(found, inside, absent_is_done=True)
        inside.record()


@contextmanager
def _answered(edits: Iterable[Edit]) -> Iterator[None]:
    """What goes wrong with a change as the answer of the call that asked for it."""
    try:
        yield
    except Refused as refused:
        raise refused.error from refused
    except Moved as moved:
        raise ChangedSince(place=str(moved)) from moved
    except (ClientError, Unreadable) as error:
        raise ChangedSince(place=", ".join(map(place_of, edits))) from error


def _refusal(asked: Asked) -> Refusal:
    """The first refusal in the input, made by the caller where it names nobody. Raises Unreadable, ValueError."""
    if asked.kind == "authorization":
        return Refusal(text="", authorization_id=asked.value)
    found = next(iter(read_input(asked.value.encode())), None)
    if found is None or not (found.text or found.authorization_id or found.event_id):
        raise Unreadable("there is no refusal in this input")
    kept = found.authorization_id or found.event_id
    return found if found.principal or kept else replace(found, principal=asked.principal)


def _found(diagnosis: Diagnosis) -> Found:
    case = diagnosis.case
    return Found(
        principal=case.request.principal.arn if case else diagnosis.refusal.principal,
        action=case.request.action if case else diagnosis.refusal.action,
        resource=case.request.resource if case else diagnosis.refusal.resource,
        cause=diagnosis.cause,
        reasons=tuple(diagnosis.reasons),
        needed=tuple(diagnosis.needed),
        decision=case.decision.effect.value.upper() if case else "",
        blocks=tuple(map(_blocking, case.decision.blocks)) if case else (),
        ways=tuple(map(_way, diagnosis.mends)),
    )


def _blocking(block: Block) -> Blocking:
    statements = (
        Denying(policy=found.policy.source.id, sid=found.statement.sid, index=found.statement.index)
        for found in block.statements
    )
    return Blocking(layer=block.layer.value, explicit=block.explicit, level=block.level, statements=tuple(statements))


def _way(mend: Mend) -> Way:
    return Way(
        title=mend.title,
        guardrail=mend.guardrail,
        approver=mend.approver,
        proved=mend.proved,
        newly_allowed=tuple(mend.remainder),
        remedy=mend.remedy.value,
        others=tuple(mend.others),
        changes=tuple(map(_change, mend.edits)),
    )


def _change(edit: Edit) -> Change:
    document = edit if isinstance(edit, SetDocument) else None
    return Change(
        kind="DOCUMENT" if document else "ATTACH" if isinstance(edit, Attach) else "CALL",
        place=place_of(edit),
        statement=_json(document.statement) if document else "",
        before=document.before if document else "",
        after=document.after if document else "",
        service=edit.call.service,
        operation=edit.call.operation,
        parameters=_json(edit.call.params),
        command=edit.call.command,
        terraform=edit.terraform,
        kept=edit_text(edit),
    )


def _json(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
