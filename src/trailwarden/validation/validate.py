"""Follows the digest chains of a place, and checks every log file that they list.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-custom-validation.html
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TypeVar

from trailwarden.clock import iso
from trailwarden.gzipped import Spoilt
from trailwarden.validation.chain import KIND, Judged, Opened, follow, open_digest
from trailwarden.validation.digest import Digest, Listed
from trailwarden.validation.finding import ALTERED, GONE, MALFORMED, Finding, Verdict
from trailwarden.validation.keys import Keys
from trailwarden.validation.naming import DIGESTS, Chain, digest_name, log_name
from trailwarden.validation.place import Place, Spot
from trailwarden.validation.report import Report
from trailwarden.validation.spans import Spans
from trailwarden.validation.unpacking import hash_of

__all__ = ["Asked", "validate"]

_T = TypeVar("_T")
_R = TypeVar("_R")

_LOG = "Log file"
_HASH = "SHA-256"
_MINUTE, _HOUR = 60.0, 3_600.0
_LATE = 900.0
"""CloudTrail delivers within 15 minutes: so long after its name's time a file may still be on its way into a digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to validate; "" stands for any. Times in seconds.

    `newest` tells, by account and Region, when the trail delivered its newest digest, where that is known.
    `unlisted` calls a log file invalid that lies in the time of a chain and that no digest lists.
    """

    since: float
    until: float
    trail: str = ""
    home: str = ""
    account: str = ""
    newest: Mapping[tuple[str, str], float] = field(default_factory=dict)
    unlisted: bool = True
    workers: int = 8

    def wants(self, chain: Chain) -> bool:
        """Whether a chain is asked for."""
        pairs = ((self.trail, chain.trail), (self.home, chain.home), (self.account, chain.account))
        return all(wanted in {"", found} for wanted, found in pairs)


Progress = Callable[[int, int], None]
"""Told how many files are done, of how many."""


def validate(place: Place, keys: Keys, asked: Asked, progress: Progress = lambda _done, _all: None) -> Report:
    """What is found of every digest and every log file. Raises OSError, KeysUnreadable."""
    spots = sorted(set(place.spots(asked.since, asked.until + _HOUR)))
    with ThreadPoolExecutor(asked.workers) as pool:
        run = _Run(place, keys, asked, pool, progress)
        judged = run.digests(spots)
        findings = [each.finding for each in judged]
        believed = [each.digest for each in judged if each.digest is not None]
        findings += run.logs(believed)
        if asked.unlisted:
            findings += _unlisted(place, spots, judged)
    return Report(
        since=asked.since,
        until=asked.until,
        findings=tuple(findings),
        spans=tuple((each.start.timestamp(), each.end.timestamp()) for each in believed),
        gaps=tuple(_gaps(judged)),
        shown=place.shown,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    place: Place
    keys: Keys
    asked: Asked
    pool: Executor
    progress: Progress

    def digests(self, spots: Iterable[Spot]) -> Sequence[Judged]:
        """All chains judged."""
        chains = self._chains(spots)
        listed = [spot for chain in chains.values() for spot in chain]
        read = self._counted(partial(open_digest, self.place), listed)
        known: dict[Spot, Opened | None] = dict(zip(listed, read, strict=True))

        def opened(spot: Spot) -> Opened | None:
            if spot not in known:
                known[spot] = open_digest(self.place, spot)
            return known[spot]

        found: list[Judged] = []
        for chain in chains.values():
            found += follow(chain, opened, self.place, self.keys, since=self.asked.since)
        return [*found, *self._newest_gone(chains, known)]

    def _chains(self, spots: Iterable[Spot]) -> Mapping[tuple[str, Chain, bool], list[Spot]]:
        """Digests by chain, oldest first; backfill digests are chains of their own."""
        found: dict[tuple[str, Chain, bool], list[tuple[float, Spot]]] = defaultdict(list)
        last = self.asked.until + _HOUR
        for spot in spots:
            named = digest_name(spot.key)
            if named is not None and self.asked.wants(named.chain) and self.asked.since <= named.end <= last:
                found[spot.bucket, named.chain, named.late].append((named.end, spot))
        return {chain: [spot for _, spot in sorted(ends)] for chain, ends in sorted(found.items())}

    def _newest_gone(
        self, chains: Iterable[tuple[str, Chain, bool]], known: Mapping[Spot, Opened | None]
    ) -> Iterator[Judged]:
        """A newest digest that the trail tells of, and that is not there: nothing behind it could say so."""
        newest: dict[tuple[str, Chain], float] = {}
        for bucket, chain, _ in chains:
            newest.setdefault((bucket, chain), 0.0)
        for spot, opened in known.items():
            named = digest_name(spot.key)
            if named is not None and opened is not None and opened.modified is not None:
                at = (spot.bucket, named.chain)
                newest[at] = max(newest.get(at, 0.0), opened.modified)
        for (bucket, chain), modified in newest.items():
            told = self.asked.newest.get((chain.account, chain.region))
            if told is not None and modified + _SLACK < told <= self.asked.until:
                spot = Spot(bucket, f"{chain.path}/{DIGESTS}/{chain.region}/")
                reason = f"{GONE}: the trail delivered its newest digest file at {iso(told)}"
                yield Judged(Finding(kind=KIND, spot=spot, verdict=Verdict.INVALID, reason=reason))

    def logs(self, digests: Iterable[Digest]) -> Sequence[Finding]:
        """Every log file that these digests list, once."""
        listed: dict[tuple[Spot, str, str], None] = {}
        for digest in digests:
            for each in digest.files:
                listed[self.place.spot(each.bucket, each.key), each.hash, each.algorithm] = None
        return self._counted(lambda each: _log(self.place, *each), list(listed))

    def _counted(self, work: Callable[[_T], _R], items: Sequence[_T]) -> Sequence[_R]:
        found = []
        for done, each in enumerate(self.pool.map(work, items), start=1):
            found.append(each)
            self.progress(done, len(items))
        return found


_SLACK = 2.0
"""Seconds: an object's time is whole seconds, and the trail's status is told after it."""


def _log(place: Place, spot: Spot, wanted: str, algorithm: str) -> Finding:
    reason = _log_fault(place, spot, wanted, algorithm)
    return Finding(kind=_LOG, spot=spot, verdict=Verdict.INVALID if reason else Verdict.VALID, reason=reason)


def _log_fault(place: Place, spot: Spot, wanted: str, algorithm: str) -> str:
    if algorithm != _HASH:
        return f"hash algorithm {algorithm[:40]} is not known"
    stored = place.read(spot)
    if stored is None:
        return GONE
    try:
        return "" if hash_of(stored.data) == wanted else ALTERED
    except Spoilt:
        return MALFORMED


def _unlisted(place: Place, spots: Iterable[Spot], judged: Iterable[Judged]) -> Iterator[Finding]:
    """Log files that were put among the delivered ones: their time is covered, and no digest lists them."""
    spans: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    listed: set[Spot] = set()
    for each in judged:
        named = digest_name(each.finding.spot.key)
        if each.digest is not None and named is not None:
            listed.update(_spot(place, file) for file in each.digest.files)
            at = (named.chain.path, named.chain.region)
            spans[at].append((each.digest.start.timestamp(), each.digest.end.timestamp()))
    covered = {at: Spans(found) for at, found in spans.items()}
    for spot in spots:
        log = log_name(spot.key)
        held = None if log is None else covered.get((log.path, log.region))
        if log is None or held is None or spot in listed or not held.hold(log.time, log.time + _MINUTE + _LATE):
            continue
        yield Finding(kind=_LOG, spot=spot, verdict=Verdict.INVALID, reason="no digest file lists it")


def _spot(place: Place, file: Listed) -> Spot:
    return place.spot(file.bucket, file.key)


def _gaps(judged: Iterable[Judged]) -> Iterator[tuple[Chain, float, float]]:
    """Times between two chains of a trail, from which no log file is covered."""
    ends: dict[Chain, list[Digest]] = defaultdict(list)
    for each in judged:
        named = digest_name(each.finding.spot.key)
        if each.digest is not None and named is not None and not named.late:
            ends[named.chain].append(each.digest)
    for chain, digests in ends.items():
        ordered = sorted(digests, key=lambda digest: digest.end)
        for older, newer in pairwise(ordered):
            if newer.previous_key is None and older.end < newer.start:
                yield chain, older.end.timestamp(), newer.start.timestamp()
