"""Writes docs/coverage.md: which operations are built and which are not, from what is really registered.

    python -m tools.coverage [--check]

With --check nothing is written; exit status 1 tells that the file is not what it would be.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import trailwarden.app  # noqa: F401 — registers every handler
from trailwarden import wire
from trailwarden.services.registry import HANDLERS

__all__ = ["document", "main"]

_PATH = Path(__file__).parents[1] / "docs" / "coverage.md"
_OURS = (
    "cloudtrail",
    "cloudtrail-data",
    "iam",
    "iam-toolbox",
    "sts",
    "s3",
    "organizations",
    "logs",
    "config",
    "sns",
    "kms",
    "events",
    "sqs",
    "accessanalyzer",
    "trailwarden",
)
"""The services whose operations are named one by one."""

_NOTES = {
    "iam": (
        "Templates of delegation requests and of roles, which AWS keeps for its partners and services, are files here: "
        "see the guide. GetHumanReadableSummary follows from the request's policy; no language model writes it."
    ),
    "organizations": (
        "CreateGovCloudAccount answers what AWS answers a management account without a twin in AWS GovCloud (US): "
        "this server is the partition `aws` alone."
    ),
}
"""What the built operations of a service do otherwise than a reader might expect, and why."""


def document() -> str:
    """The whole text of docs/coverage.md."""
    operations: dict[str, list[str]] = {}
    for service, operation in wire.operations():
        operations.setdefault(service, []).append(operation)
    return "\n".join(_lines(operations)) + "\n"


def _lines(operations: Mapping[str, list[str]]) -> Iterator[str]:
    total = sum(map(len, operations.values()))
    yield "# Coverage"
    yield ""
    yield "Made by `make coverage` from the registered handlers; never edited by hand."
    yield ""
    yield f"{len(HANDLERS)} of {total} operations of {len(operations)} services are built. Every other operation is authenticated,"
    yield "authorized and recorded, and answers AWS's error for an operation that is not known."
    yield ""
    yield "| service | built | of |"
    yield "|---|---|---|"
    for service in _OURS:
        built = _built(service, operations[service])
        yield f"| {service} | {len(built)} | {len(operations[service])} |"
    for service in _OURS:
        yield from _service(service, operations[service])
    others = sorted(set(operations) - set(_OURS))
    yield from (
        "",
        "## Services without any built operation",
        "",
        _listed(f"{each} ({len(operations[each])})" for each in others),
    )


def _service(service: str, operations: list[str]) -> Iterator[str]:
    built = _built(service, operations)
    missing = sorted(set(operations) - set(built))
    yield from ("", f"## {service}", "", f"Built: {_listed(built)}", "", f"Missing: {_listed(missing)}")
    if service in _NOTES:
        yield from ("", _NOTES[service])


def _built(service: str, operations: Iterable[str]) -> list[str]:
    return sorted(operation for operation in operations if f"{service}:{operation}" in HANDLERS)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none."


def main() -> int:
    """Write the file, or compare it."""
    text = document()
    if "--check" in sys.argv[1:]:
        return int(not _PATH.exists() or _PATH.read_text() != text)
    _PATH.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
