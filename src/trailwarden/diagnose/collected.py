"""The store that iam-collect writes: a folder a resource, a JSON file a fact.

https://github.com/cloud-copilot/iam-collect/blob/main/docs/Storage.md
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from trailwarden.diagnose.account import Account, policy_text, read_account

__all__ = ["Collected", "read_store"]

_FILE_MAX = 64 * 1024 * 1024
_FILES_MAX = 1_000_000
_KINDS = {"User": "user", "Group": "group", "Role": "role"}
_CONTROLS = {"SERVICE_CONTROL_POLICY": "scps", "RESOURCE_CONTROL_POLICY": "rcps"}

_Levels = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What the store tells of one account.

    `policies` maps resources to their policies, `resources` are all that were collected, with a policy or without. `levels` as
    `data.Levels` by kind; None where the store does not tell them: it cannot say whether the account is in an organization
    that nobody was let read.
    """

    details: Account
    policies: Mapping[str, str]
    resources: frozenset[str]
    levels: Mapping[str, _Levels] | None
    organization: str


def read_store(folder: Path) -> Collected:
    """One account of a store: the folder of the account, or the store's, if it holds one account. ValueError, OSError, KeyError, TypeError."""
    account = _account_folder(folder)
    resources = dict(_resources(account))
    told = _fact(account, "organization")
    organization = account.parents[1] / "organizations" / str(told["organizationId"]).lower() if told else None
    return Collected(
        details=read_account(_details(account), account.name),
        policies={arn: text for arn, text in resources.items() if text},
        resources=frozenset(resources),
        levels=_levels(organization, account.name) if organization is not None else None,
        organization=str(told["organizationId"]) if told else "",
    )


def _account_folder(folder: Path) -> Path:
    if folder.name.isdecimal() and folder.parent.name == "accounts":
        return folder
    found = sorted(path for path in folder.glob("aws/*/accounts/*") if path.is_dir())
    if not found:
        raise ValueError(f"{folder} is no store of iam-collect: it holds no aws/PARTITION/accounts")
    if len(found) > 1:
        named = ", ".join(path.name for path in found)
        raise ValueError(f"{folder} holds the accounts {named}: name the folder of one, as {found[0]}")
    return found[0]


def _fact(folder: Path, name: str, default: Any = None) -> Any:
    path = folder / f"{name}.json"
    if not path.is_file():
        return default
    if path.stat().st_size > _FILE_MAX:
        raise ValueError(f"{path} is larger than {_FILE_MAX >> 20} MiB")
    return msgspec.json.decode(path.read_bytes())


def _details(account: Path) -> dict[str, Any]:
    """As get-account-authorization-details tells the same."""
    details: dict[str, Any] = {
        f"{prefix}DetailList": [_identity(prefix, each) for each in _folders(account / "iam" / kind)]
        for prefix, kind in _KINDS.items()
    }
    written = (*_folders(account / "iam" / "policy"), *_folders(account / "iam" / "aws" / "policy"))
    details["Policies"] = [_managed(each) for each in written]
    return details


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(each for each in folder.iterdir() if (each / "metadata.json").is_file())


def _identity(prefix: str, folder: Path) -> dict[str, Any]:
    told = _fact(folder, "metadata")
    boundary = told.get("permissionBoundary")
    return {
        f"{prefix}Name": told["name"],
        f"{prefix}Id": told["id"],
        "Arn": told["arn"],
        f"{prefix}PolicyList": _fact(folder, "inline-policies", []),
        "AttachedManagedPolicies": [{"PolicyArn": arn} for arn in _fact(folder, "managed-policies", [])],
        "GroupList": [_name(arn) for arn in _fact(folder, "groups", [])],
        "Tags": [{"Key": key, "Value": value} for key, value in _fact(folder, "tags", {}).items()],
        "InstanceProfileList": [{"InstanceProfileName": _name(arn)} for arn in _fact(folder, "instance-profiles", [])],
        "AssumeRolePolicyDocument": _fact(folder, "trust-policy", ""),
        **({"PermissionsBoundary": {"PermissionsBoundaryArn": boundary}} if boundary else {}),
    }


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _managed(folder: Path) -> dict[str, Any]:
    document = _fact(folder, "current-policy")
    versions = [] if document is None else [{"IsDefaultVersion": True, "Document": document}]
    return {"Arn": _fact(folder, "metadata")["arn"], "PolicyVersionList": versions}


def _resources(account: Path) -> Iterator[tuple[str, str]]:
    """Every collected resource with its policy, "" for one without."""
    for number, path in enumerate(account.rglob("metadata.json")):
        if number >= _FILES_MAX:
            raise ValueError(f"{account} holds more than {_FILES_MAX:,} resources")
        if path.relative_to(account).parts[0] != "iam":
            arn = (_fact(path.parent, "metadata") or {}).get("arn")
            policy = _fact(path.parent, "policy")
            if isinstance(arn, str):
                yield arn, policy_text(policy) if policy else ""


def _levels(organization: Path, account: str) -> dict[str, _Levels] | None:
    """Root first; None where something on the way is not in the store. Nothing bears on the management account.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
    """
    told, accounts, units = (_fact(organization, name) for name in ("metadata", "accounts", "ous"))
    if not told or not accounts or not units or account not in accounts:
        return None
    if told.get("rootAccountId") == account:
        return dict.fromkeys(_CONTROLS, ())
    way, unit = [accounts[account]], accounts[account]["ou"]
    while unit and len(way) <= len(units):
        way.append(units[unit])
        unit = units[unit].get("parent")
    found: dict[str, _Levels] = {}
    for kind, name in _CONTROLS.items():
        levels = [tuple(_attached(organization / name, each.get(name) or ())) for each in reversed(way)]
        if any(not text for level in levels for _, text in level):
            return None
        found[kind] = tuple(levels) if any(levels) else ()
    return found


def _attached(folder: Path, arns: Any) -> Iterator[tuple[str, str]]:
    for arn in arns:
        document = _fact(folder / _name(arn).lower(), "policy")
        yield arn, json.dumps(document) if document else ""
