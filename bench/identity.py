"""Calls on an account with 10,000 users, 1,000 roles and 500 policies in an organization of 200, beside a small account."""

import asyncio
import itertools
import resource
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.calls import signed_form
from bench.load import drive
from bench.servers import Running, cpu_seconds
from tests.lasting import Server

from trailwarden.app import Config
from trailwarden.auth.identities import POLICY, ROLE, USER, ManagedPolicy, PolicyVersion, Role, User
from trailwarden.cli.env import client_environment
from trailwarden.clock import Chance
from trailwarden.services.new_roles import UNIQUE_ID, UniqueId
from trailwarden.storage import Kind, Storage, open_storage

__all__ = ["main"]

_SMALL, _LARGE = (120, 10, 10), (10_000, 1_000, 500)
"""Users, roles and managed policies; a small account still fills a page of users."""
_ACCOUNTS, _LEVELS, _WIDTH = 200, 4, 3
_BATCH, _ATTACHED = 1_000, 3
_ROUNDS, _SECONDS, _CONNECTIONS = 5, 1.0, 8
_CREATED = 1_750_000_000.0
_DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}'
_READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","iam:GetUser","sts:AssumeRole"],"Resource":"*"}]}'
_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ACCOUNT"},"Action":"sts:AssumeRole"}]}'
)

_IAM, _STS = "Version=2010-05-08", "Version=2011-06-15"
_CALLS: Mapping[str, tuple[str, str, str]] = {
    "GetUser, root": ("root", "iam", f"Action=GetUser&{_IAM}&UserName=user-00001"),
    "GetUser, user with policies": ("user", "iam", f"Action=GetUser&{_IAM}&UserName=user-00000"),
    "ListUsers, 100": ("root", "iam", f"Action=ListUsers&{_IAM}&MaxItems=100"),
    "ListRoles, 10": ("root", "iam", f"Action=ListRoles&{_IAM}&MaxItems=10"),
    "AssumeRole": (
        "user", "sts", f"Action=AssumeRole&{_STS}&RoleArn=arn:aws:iam::ACCOUNT:role/role-00001&RoleSessionName=bench",
    ),
    "TagUser": ("root", "iam", f"Action=TagUser&{_IAM}&UserName=user-00002&Tags.member.1.Key=a&Tags.member.1.Value=b"),
}  # fmt: skip
"""Who signs, the service, and the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A server's account, a user of it with a key, and where the server is."""

    id: str
    server: Server
    root: Running
    user: Running


def main() -> None:
    """Print CPU milliseconds a request in both accounts, then what the authorization details cost by the page."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _account(Path(folder, "small"), _SMALL) as small,
        _account(Path(folder, "large"), _LARGE) as large,
    ):
        _organize(large)
        print(f"identity: {_LARGE[0]:,} users, {_LARGE[1]:,} roles, {_LARGE[2]} policies, {_ACCOUNTS} accounts")
        print(f"{'CPU ms/request':30}{'small':>10}{'large':>10}{'rate kept':>12}")
        for name in _CALLS:
            before, after = _compared(name, small, large)
            print(f"  {name:28}{before * 1000:10.3f}{after * 1000:10.3f}{before / after:12.0%}", flush=True)
        _walked(large)


@contextmanager
def _account(data: Path, sizes: tuple[int, int, int]) -> Iterator[Account]:
    """A server whose first account has that many users, roles and policies."""
    server = Server(data)
    account = server.client("sts").get_caller_identity()["Account"]
    server.end()
    config = Config(data=data)
    storage = open_storage(config.database_url, blobs=config.blobs_url)
    _filled(storage, account, *sizes)
    storage.close()
    server.restart()
    try:
        key = server.client("iam").create_access_key(UserName="user-00000")["AccessKey"]
        variables = client_environment(data)
        root = _running(server, variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
        user = _running(server, key["AccessKeyId"], key["SecretAccessKey"])
        yield Account(id=account, server=server, root=root, user=user)
    finally:
        server.end()


def _running(server: Server, access_key: str, secret_key: str) -> Running:
    port = int(client_environment(server.data)["AWS_ENDPOINT_URL"].rpartition(":")[2])
    return Running(name="trailwarden", port=port, access_key=access_key, secret_key=secret_key)


def _filled(storage: Storage, account: str, users: int, roles: int, policies: int) -> None:
    """Documents as the calls would have written them, a thousand identities a commit."""
    chance = Chance()
    arns = [f"arn:aws:iam::{account}:policy/bench-{number:05}" for number in range(policies)]
    attachments = (users + roles) * _ATTACHED // policies
    _committed(storage, ((POLICY, account, arn, _policy(arn, attachments, chance)) for arn in arns))
    for kind, made, count in ((USER, _user, users), (ROLE, _role, roles)):
        for start in range(0, count, _BATCH):
            rows = range(start, min(start + _BATCH, count))
            attached = (tuple(arns[(row + step) % policies] for step in range(_ATTACHED)) for row in rows)
            identities = [made(account, row, arns, chance) for row, arns in zip(rows, attached, strict=True)]
            _committed(storage, ((kind, account, each.name, each) for each in identities))
            _committed(storage, ((UNIQUE_ID, "", each.id, UniqueId(arn=each.arn)) for each in identities))


def _committed(storage: Storage, documents: Iterable[tuple[Kind[Any], str, str, Any]]) -> None:
    transaction = storage.begin()
    for kind, account, name, body in documents:
        transaction.put(kind, account, "", name, body)
    storage.commit(transaction).result()


def _policy(arn: str, attachments: int, chance: Chance) -> ManagedPolicy:
    return ManagedPolicy(
        name=arn.rpartition("/")[2],
        id=chance.unique_id("ANPA"),
        arn=arn,
        created=_CREATED,
        updated=_CREATED,
        versions=(PolicyVersion(id="v1", document=_READ, created=_CREATED),),
        attachments=attachments,
    )


def _user(account: str, number: int, attached: tuple[str, ...], chance: Chance) -> User:
    name = f"user-{number:05}"
    return User(
        name=name,
        id=chance.unique_id("AIDA"),
        arn=f"arn:aws:iam::{account}:user/{name}",
        created=_CREATED,
        inline={"read": _READ},
        attached=attached,
    )


def _role(account: str, number: int, attached: tuple[str, ...], chance: Chance) -> Role:
    name = f"role-{number:05}"
    return Role(
        name=name,
        id=chance.unique_id("AROA"),
        arn=f"arn:aws:iam::{account}:role/{name}",
        created=_CREATED,
        trust=_TRUST.replace("ACCOUNT", account),
        attached=attached,
    )


def _organize(large: Account) -> None:
    """An organization whose accounts hang in units four deep, each level with a policy of its own."""
    organizations = large.server.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    lowest = [root]
    for level in range(_LEVELS):
        made = organizations.create_policy(
            Content=_DENY, Description="", Name=f"level-{level}", Type="SERVICE_CONTROL_POLICY"
        )
        policy = made["Policy"]["PolicySummary"]["Id"]
        above, lowest = lowest[:_WIDTH], []
        for parent, number in itertools.product(above, range(_WIDTH)):
            unit = organizations.create_organizational_unit(ParentId=parent, Name=f"unit-{number}")
            lowest.append(unit["OrganizationalUnit"]["Id"])
            organizations.attach_policy(PolicyId=policy, TargetId=lowest[-1])
    for number in range(_ACCOUNTS):
        asked = organizations.create_account(AccountName=f"account-{number}", Email=f"account-{number}@example.com")
        told = organizations.describe_create_account_status(CreateAccountRequestId=asked["CreateAccountStatus"]["Id"])
        account = told["CreateAccountStatus"]["AccountId"]
        organizations.move_account(
            AccountId=account, SourceParentId=root, DestinationParentId=lowest[number % len(lowest)]
        )


def _signed(account: Account, name: str) -> Sequence[bytes]:
    """The requests of a row; a user with policies signs what is authorized by them."""
    signer, service, form = _CALLS[name]
    body = form.replace("ACCOUNT", account.id)
    return [signed_form(account.user if signer == "user" else account.root, service, body)]


def _compared(name: str, *accounts: Account) -> list[float]:
    """CPU seconds a request of each, taken by turns so that what else the machine does weighs on all alike."""
    spent, answered = [0.0] * len(accounts), [0] * len(accounts)
    for turn in range(_ROUNDS + 1):
        for place, account in enumerate(accounts):
            pid = account.server.process.pid
            before = cpu_seconds(pid)
            load = asyncio.run(
                drive(
                    "127.0.0.1",
                    account.root.port,
                    list(_signed(account, name)),
                    connections=_CONNECTIONS,
                    seconds=_SECONDS,
                )
            )
            if set(load.statuses) != {200}:
                raise RuntimeError(f"{name}: not every answer is a success: {dict(load.statuses)}")
            if turn:  # the first warms
                spent[place] += cpu_seconds(pid) - before
                answered[place] += load.answered
    return [each / count for each, count in zip(spent, answered, strict=True)]


def _walked(large: Account) -> None:
    """GetAccountAuthorizationDetails to its end: CPU of the first and of the last pages, and the server's memory."""
    pid, iam = large.server.process.pid, large.server.client("iam")
    began, marks, counted = _resident(pid), [cpu_seconds(pid)], 0
    for page in iam.get_paginator("get_account_authorization_details").paginate(Filter=["User"]):
        counted += len(page["UserDetailList"])
        marks.append(cpu_seconds(pid))
    tenth = len(marks) // 10
    first, last = (marks[tenth] - marks[0]) / tenth, (marks[-1] - marks[-1 - tenth]) / tenth
    print(f"  authorization details of {counted:,} users: {len(marks) - 1} pages, "
          f"{first * 1000:.1f} CPU ms a page in the first tenth, {last * 1000:.1f} in the last")  # fmt: skip
    marks = [cpu_seconds(pid)]
    pages = sum(1 for _ in iam.get_paginator("get_account_authorization_details").paginate())
    print(f"  the whole account: {pages} pages, {cpu_seconds(pid) - marks[0]:.2f} CPU s; "
          f"resident {began:.0f} MiB before, {_resident(pid):.0f} MiB after")  # fmt: skip


def _resident(pid: int) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
