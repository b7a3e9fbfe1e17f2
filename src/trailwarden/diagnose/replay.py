"""What-if replay: recorded calls, decided by the policies as they stand and as they are thought of."""

import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import TypeVar

from trailwarden.catalog import Check
from trailwarden.diagnose.alike import Decided, Deciding
from trailwarden.diagnose.bearing import Bearing, bearing_on, resources_changed
from trailwarden.diagnose.case import MoreNeeded
from trailwarden.diagnose.changes import Changed
from trailwarden.diagnose.circumstances import identity_context, possible_keys
from trailwarden.diagnose.data import FileData, Unreadable
from trailwarden.diagnose.history import Event, Portion, events_of
from trailwarden.diagnose.past import (
    Asked,
    Outcome,
    Recorded,
    asked_of,
    caller_of,
    circumstances,
    issuer_of,
    outcome_of,
    settled_by,
)
from trailwarden.diagnose.shift import Reason, Shift
from trailwarden.diagnose.standing import Standing, compiled, documents_of, keys_of
from trailwarden.diagnose.tally import Fate, Tally
from trailwarden.policy import UNKNOWN, AccessRequest, ContextValue, Effect, Principal, PrincipalKind

__all__ = ["Replayer", "replay"]

_REMEMBERED_MAX = 500_000
_SHORT = 100_000
"""Events that one process has judged before others are started. Even one portion before teaches it what all would learn."""

_AHEAD = 4
"""Portions handed out for each worker, so that a long history never stands in memory."""

_possible_keys = lru_cache(maxsize=8192)(possible_keys)
_SETTLED = settled_by()
_TAGGING = "sts:tagsession"
_PRINCIPAL_TAG = "aws:principaltag/"
_ORGANIZATION = ("aws:PrincipalOrgID", "aws:ResourceOrgID")
_PATHS = ("aws:PrincipalOrgPaths", "aws:PrincipalOrgMasterAccountId", "aws:ResourceOrgPaths")


@dataclass(frozen=True, slots=True)
class _Judged:
    """One permission, decided twice."""

    check: Check
    decided: Decided


_Verdict = Fate | None
"""None for a call of which nothing changes."""

_Told = tuple[ContextValue | None, ...]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Replayer:
    """Judges events by two states of an account. Not for use by two threads at once."""

    def __init__(self, before: FileData, changed: Changed) -> None:
        self._setting = before, changed
        self._before, self._after = Standing(before), Standing(changed.data)
        self._deciding = Deciding(self._before, self._after)
        self._account = before.details
        texts = documents_of(before) | documents_of(changed.data)
        keys = keys_of(compiled(texts))
        self._keys = tuple(sorted(keys & _SETTLED))
        self._tags = tuple(sorted(key for key in keys if key.startswith(_PRINCIPAL_TAG)))
        self._by_session = any(_tells_sessions(text.lower()) for text in texts)
        self._resources = resources_changed(before, changed.data)
        touched = compiled(set(changed.touched))
        self._anybody = Bearing(policies=touched, always=False, keys=tuple(sorted(keys_of(touched) & _SETTLED)))
        self._organized = _organized(before)
        self._bearings: dict[str, Bearing] = {}
        self._circumstances: dict[str, Mapping[str, ContextValue]] = {}
        self._verdicts: dict[tuple[object, ...], _Verdict] = {}
        self._asked: dict[tuple[object, ...], Asked] = {}

    def __reduce__(self) -> tuple[type["Replayer"], tuple[FileData, Changed]]:
        """Another process gets what it is made of, and learns the policies itself."""
        return Replayer, self._setting

    def replay(self, events: Iterable[Event], tally: Tally) -> None:
        """Count what becomes of each event."""
        bearings = self._bearings
        for event in events:
            principal = self._principal(event)
            bearing = bearings.get(principal)
            if bearing is None:
                bearing = bearings[principal] = self._bearing(principal)
            told = circumstances(event, bearing.keys)
            outcome = outcome_of(event)
            if outcome is None:
                tally.others += 1
            elif not bearing.may_apply(told):
                tally.judged += 1
            else:
                tally.count(self._of_call(event, principal, outcome, told), event)

    def _bearing(self, principal: str) -> Bearing:
        """What of the change bears on a caller; all of it on one who is not known."""
        if _account_of(principal) not in {"", self._account.id}:
            return self._anybody
        return bearing_on(principal, self._before, self._after, self._resources, _SETTLED) or self._anybody

    def _of_call(self, event: Event, principal: str, outcome: Outcome, told: _Told) -> _Verdict:
        """What becomes of a call that the change may concern."""
        call = (
            event.event_source,
            event.event_name,
            bytes(event.request_parameters),
            bytes(event.resources),
            event.aws_region,
            event.user_identity.account_id,
            event.error_message if outcome.denied else None,
        )
        asked = self._asked.get(call)
        if asked is None:
            message = (event.error_message or "") if outcome.denied else ""
            asked = _kept(self._asked, call, asked_of(event, self._account, message))
        bearing = self._bearings[principal]
        concerned = bearing.calls.get((call, told))
        if concerned is None:
            concerned = _kept(bearing.calls, (call, told), _concerned(bearing, asked, told))
        if not concerned:
            return None
        identity = event.user_identity
        key = (identity.type, issuer_of(event), principal, call, circumstances(event, self._keys))
        if key not in self._verdicts:
            return _kept(self._verdicts, key, self._verdict(event, principal, asked, outcome))
        return self._verdicts[key]

    def _principal(self, event: Event) -> str:
        """The caller; where no policy looks at sessions, all sessions of a role are one."""
        principal = caller_of(event)
        if self._by_session or event.user_identity.type != "AssumedRole":
            return principal
        return principal.rpartition("/")[0] + "/session"

    def _verdict(self, event: Event, principal: str, asked: Asked, outcome: Outcome) -> _Verdict:
        issuer = issuer_of(event) or f"somebody ({event.user_identity.type or 'no identity'})"
        why_not = self._unjudged(principal, asked)
        if why_not:
            return Fate("unknown", issuer, asked.action, Reason(text=why_not))
        try:
            judged = [self._judge(event, principal, asked, check) for check in asked.checks]
        except MoreNeeded as needed:
            return Fate("unknown", issuer, asked.action, Reason(text=f"what would tell is missing: {needed}"))
        check, shift = (_denied if outcome.denied else _allowed)(judged)
        if shift.kind == "same" and asked.vague:
            shift = self._vague(principal, asked)
        if shift.kind == "allowed" and outcome.beyond is not None:
            shift = Shift("unknown", Reason(text=f"it was the {outcome.beyond} that denied it, which is not at hand"))
        if shift.kind == "same" or (shift.kind == "contradicted" and _is_service(judged)):
            return None
        return Fate(shift.kind, issuer, check.action, shift.reason, check.resource)

    def _unjudged(self, principal: str, asked: Asked) -> str:
        """Why a call cannot be judged, "" where it can."""
        if not principal:
            return "the event does not tell whose permissions these are"
        account = _account_of(principal)
        if account not in {"", self._account.id}:
            return f"the policies of account {account} are not at hand"
        return "" if asked.checks else "nobody knows which permissions the call needs"

    def _vague(self, principal: str, asked: Asked) -> Shift:
        """A resource that no event names matters where what has changed speaks of certain resources."""
        picks = self._bearings[principal].picks(asked.checks)
        return Shift("unknown", Reason(text="the event does not name the resource")) if picks else Shift("same")

    def _judge(self, event: Event, principal: str, asked: Asked, check: Check) -> _Judged:
        case = self._before.caller(principal)
        request = AccessRequest(
            principal=case.request.principal,
            action=check.action,
            resource=check.resource,
            resource_account=_owner(check.resource, asked, case.request.principal.account or self._account.id),
            context=Recorded(event, check, self._standing(principal), _possible_keys(check.action), asked.filled),
        )
        return _Judged(check, self._deciding.decide(principal, request))

    def _standing(self, principal: str) -> Mapping[str, ContextValue]:
        """The keys, in lower case, that are there whatever a caller asks."""
        found = self._circumstances.get(principal)
        if found is None:
            told = {
                **identity_context(self._before.identity(principal)),
                **self._organized,
                **self._tagged(principal),
            }
            found = {key.lower(): value for key, value in told.items()}
            _kept(self._circumstances, principal, found)
        return found

    def _tagged(self, principal: str) -> dict[str, ContextValue]:
        """The tags of a session that may have been given some: events do not tell them.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
        """
        if not self._tags or ":assumed-role/" not in principal:
            return {}
        identity = self._before.identity(principal)
        trusts = compiled({identity.trust}) if identity is not None and identity.trust else ()
        taggable = any(found.statement.allows for policy in trusts for found in policy.candidates(_TAGGING))
        return dict.fromkeys(self._tags, UNKNOWN) if taggable else {}


def _kept(known: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
    """Remember a value, in bounds."""
    if len(known) >= _REMEMBERED_MAX:
        known.clear()
    known[key] = value
    return value


def _concerned(bearing: Bearing, asked: Asked, told: _Told) -> bool:
    """Whether the change may concern a call; one of which it is not known what it needs, it may."""
    return not asked.checks or (asked.vague and bearing.picks(asked.checks)) or bearing.concerns(asked.checks, told)


def _account_of(principal: str) -> str:
    """The account in an ARN; "" for a service and for nobody."""
    parts = principal.split(":", 5)
    return parts[4] if len(parts) > 5 else ""  # noqa: PLR2004 — an ARN has six parts


def _tells_sessions(text: str) -> bool:
    return "assumed-role" in text or "aws:userid" in text or "arn:aws:sts" in text


def _organized(data: FileData) -> dict[str, ContextValue]:
    """What the organization fills; nothing where the account is certainly in none."""
    if data.organization is not None and not any(data.organization.values()) and not data.organization_named:
        return {}
    named: ContextValue = data.organization_named or UNKNOWN
    return {**dict.fromkeys(_ORGANIZATION, named), **dict.fromkeys(_PATHS, UNKNOWN)}


def _owner(resource: str, asked: Asked, account: str) -> str:
    parts = resource.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004 — an ARN has six parts
        return ""
    return parts[4] if parts[4].isdecimal() else asked.owners.get(resource, "") or account


def _is_service(judged: list[_Judged]) -> bool:
    """A service's call that no resource's policy lets in is none that policies decide."""
    principal: Principal = judged[0].decided.before.request.principal
    return principal.kind is PrincipalKind.SERVICE


_RANKS = {"denied": 0, "unknown": 1, "contradicted": 2, "same": 3}


def _allowed(judged: list[_Judged]) -> tuple[Check, Shift]:
    """A call was allowed as all its permissions were; what counts is the one that fares worst."""
    shifts = [(each.check, each.decided.shift(denied=False)) for each in judged]
    return min(shifts, key=lambda pair: _RANKS[pair[1].kind])


def _denied(judged: list[_Judged]) -> tuple[Check, Shift]:
    """A call was denied as one of its permissions was; it is allowed if none is any more."""
    wanting = [each for each in judged if each.decided.before.effect is not Effect.ALLOWED] or judged
    worst = next((each for each in judged if each.decided.after.effect is Effect.DENIED), None)
    if worst is not None:
        return worst.check, Shift("same")
    shifts = [(each.check, each.decided.shift(denied=True)) for each in wanting]
    unknown = [pair for pair in shifts if pair[1].kind == "unknown"]
    if unknown or any(each.decided.after.effect is Effect.DEPENDS for each in judged):
        return unknown[0] if unknown else (judged[0].check, Shift("same"))
    return shifts[0]


def replay(
    portions: Iterable[Portion],
    before: FileData,
    changed: Changed,
    *,
    workers: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """The whole history, judged by so many processes; 0: one, and as the machine has cores if it turns out long.

    `progress` is told how many events each finished portion held. Raises Unreadable. The result does not depend on the
    number of workers.
    """
    run = _Run(before, changed, progress or _silent)
    stream = iter(portions)
    run.alone(stream, most={0: _SHORT, 1: None}.get(workers, 1))
    if workers != 1:
        run.together(stream, workers or os.cpu_count() or 1)
    return run.whole


def _silent(_: int) -> None:
    return


class _Run:
    """One replay under way."""

    def __init__(self, before: FileData, changed: Changed, progress: Callable[[int], None]) -> None:
        self._replayer, self._progress = Replayer(before, changed), progress
        self.whole = Tally()

    def alone(self, portions: Iterator[Portion], *, most: int | None) -> None:
        """Judge in this process, so many events at most."""
        for portion in portions:
            self._add(_of_portion(self._replayer, portion))
            if most is not None and self.whole.events >= most:
                return

    def together(self, portions: Iterator[Portion], workers: int) -> None:
        """Judge what is left with other processes."""
        first = next(portions, None)
        if first is None:
            return
        waiting: deque[Future[Tally]] = deque()
        try:
            with ProcessPoolExecutor(workers, _context(), initializer=_begin, initargs=(self._replayer,)) as pool:
                for portion in chain((first,), portions):
                    waiting.append(pool.submit(_work, portion))
                    if len(waiting) >= workers * _AHEAD:
                        self._add(waiting.popleft().result())
                while waiting:
                    self._add(waiting.popleft().result())
        except BrokenExecutor as error:
            raise Unreadable(f"a worker ended: {error}") from error

    def _add(self, tally: Tally) -> None:
        self._progress(tally.events)
        self.whole.add(tally)


def _context() -> BaseContext:
    """Forked workers share what this process has learnt; where other threads might hold locks, they start anew."""
    return get_context("fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn")


def _of_portion(replayer: Replayer, portion: Portion) -> Tally:
    events, wrong = events_of(portion)
    tally = Tally(wrong=wrong)
    replayer.replay(events, tally)
    return tally


_WORKERS: list[Replayer] = []
"""The replayer of this process, where it is a worker."""


def _begin(replayer: Replayer) -> None:
    """What is known by now stays for good, and what will be learnt nearly so: looking for garbage there is in vain."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    _WORKERS[:] = [replayer]


def _work(portion: Portion) -> Tally:
    return _of_portion(_WORKERS[0], portion)
