"""What validation found, in the lines of `aws cloudtrail validate-logs`, and as data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.clock import iso
from trailwarden.validation.finding import Finding, Verdict
from trailwarden.validation.naming import Chain
from trailwarden.validation.place import Spot

__all__ = ["Report", "report_data", "report_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Findings of a validation from `since` to `until`; `spans` are what its digests cover, `gaps` lie between chains. Seconds."""

    since: float
    until: float
    findings: tuple[Finding, ...]
    spans: tuple[tuple[float, float], ...]
    gaps: tuple[tuple[Chain, float, float], ...]
    shown: Callable[[Spot], str]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The files that are not what was delivered."""
        return tuple(each for each in self.findings if each.fault)

    def count(self, kind: str, verdict: Verdict | None = None) -> int:
        """How many files of a kind have that verdict, or any."""
        return sum(each.kind == kind and verdict in {None, each.verdict} for each in self.findings)


_KINDS = ("Digest file", "Log file")


def report_text(report: Report, *, verbose: bool = False) -> str:
    """The report for people; only `verbose` names valid files."""
    return "\n".join(_lines(report, verbose=verbose))


def _lines(report: Report, *, verbose: bool) -> Iterator[str]:
    for each in report.findings:
        if verbose or each.verdict is not Verdict.VALID:
            yield _line(report, each)
    for chain, start, end in report.gaps:
        where = f"of trail {chain.trail} in {chain.account} {chain.region}"
        yield f"No log files {where} were delivered by CloudTrail between {iso(start)} and {iso(end)}"
    yield f"Results requested for {iso(report.since)} to {iso(report.until)}"
    if not report.spans:
        yield "No valid digests found in range" if report.findings else "No digests found"
    else:
        yield f"Results found for {iso(min(report.spans)[0])} to {iso(max(end for _, end in report.spans))}:"
    yield from (_summary(report, kind) for kind in _KINDS if report.count(kind))


def _line(report: Report, finding: Finding) -> str:
    mark = "(backfill) " if finding.late else ""
    reason = f": {finding.reason}" if finding.reason else ""
    return f"{mark}{finding.kind}\t{report.shown(finding.spot)}\t{finding.verdict}{reason}"


def _summary(report: Report, kind: str) -> str:
    total = report.count(kind)
    counts = {verdict: report.count(kind, verdict) for verdict in Verdict}
    told = [f"{count}/{total} {kind.lower()}s {verdict}" for verdict, count in counts.items() if count]
    return ", ".join(told)


def report_data(report: Report) -> Mapping[str, Any]:
    """The report as data; valid files are counted, not named."""
    return {
        "requested": {"start": iso(report.since), "end": iso(report.until)},
        "counts": {kind: {str(verdict).lower(): report.count(kind, verdict) for verdict in Verdict} for kind in _KINDS},
        "findings": [
            {
                "kind": each.kind,
                "file": report.shown(each.spot),
                "verdict": str(each.verdict),
                "reason": each.reason,
                "backfill": each.late,
            }
            for each in report.findings
            if each.verdict is not Verdict.VALID
        ],
        "gaps": [
            {
                "trail": chain.trail,
                "account": chain.account,
                "region": chain.region,
                "start": iso(start),
                "end": iso(end),
            }
            for chain, start, end in report.gaps
        ],
    }
