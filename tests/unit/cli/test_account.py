import subprocess
import sys
from pathlib import Path

import pytest
from tests.live import live_server
from typer.testing import CliRunner

from trailwarden.app.founding import Unusable, open_vault
from trailwarden.app.holding import hold
from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT
from trailwarden.auth.sealing import secret_purpose
from trailwarden.cli import commands
from trailwarden.clock import Chance
from trailwarden.storage import open_storage

app = commands()

ACCOUNT_ID = "123456789012"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["account", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def data(tmp_path: Path) -> Path:
    open_vault(tmp_path, Chance())
    return tmp_path


def told(output: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in output.splitlines())


def stored(data: Path, key: str) -> str | None:
    storage = open_storage(f"sqlite:///{data / 'trailwarden.db'}", blobs=str(data / "blobs"))
    document = storage.begin().get(ACCESS_KEY, "", "", key)
    storage.close()
    if document is None:
        return None
    secret = open_vault(data, Chance()).open(document.body.secret, secret_purpose(key))
    return secret.decode() if secret else ""


def test_an_account_is_created_listed_and_its_root_key_rotated(data: Path) -> None:
    code, output = run("create", ACCOUNT_ID, "--name", "second", "--email", "mary@example.com", "--data", str(data))
    first = told(output)
    assert (code, first["account"]) == (0, ACCOUNT_ID)
    assert stored(data, first["aws_access_key_id"]) == first["aws_secret_access_key"]
    assert run("list", "--data", str(data)) == (
        0,
        f"{ACCOUNT_ID}\t{first['aws_access_key_id']}\tsecond\tmary@example.com\n",
    )
    code, output = run("rotate-root-key", ACCOUNT_ID, "--data", str(data))
    second = told(output)
    assert code == 0
    assert stored(data, first["aws_access_key_id"]) is None
    assert stored(data, second["aws_access_key_id"]) == second["aws_secret_access_key"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("create", "12345"), "12 digits"),
        (("create", "012345678901"), "not 0"),
        (("rotate-root-key", ACCOUNT_ID), "there is no account"),
    ],
)
def test_what_cannot_be_is_told(data: Path, arguments: tuple[str, ...], text: str) -> None:
    code, output = run(*arguments, "--data", str(data))
    assert (code, text in output) == (2, True)


def test_an_account_is_created_once(data: Path) -> None:
    assert run("create", ACCOUNT_ID, "--data", str(data))[0] == 0
    code, output = run("create", ACCOUNT_ID, "--data", str(data))
    assert (code, "exists already" in output) == (2, True)


def test_a_folder_without_a_server_is_left_alone(tmp_path: Path) -> None:
    code, output = run("list", "--data", str(tmp_path))
    assert (code, "holds no server yet" in output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_one_process_holds_a_folder(data: Path) -> None:
    with hold(data):
        with pytest.raises(Unusable, match="in use by a running server"), hold(data):
            pass
        code, output = run("list", "--data", str(data))
        assert (code, "in use by a running server" in output) == (2, True)
    assert run("list", "--data", str(data))[0] == 0


def test_a_running_server_is_not_disturbed() -> None:
    with live_server() as live:
        command = [
            sys.executable,
            "-m",
            "trailwarden.cli",
            "account",
            "create",
            ACCOUNT_ID,
            "--data",
            str(live.server.data),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, "in use by a running server" in done.stderr) == (2, True)
        again = [sys.executable, "-m", "trailwarden.cli", "serve", "--port", "0", "--data", str(live.server.data)]
        assert subprocess.run(again, capture_output=True, text=True, check=False).returncode == 2
        assert live.client("sts").get_caller_identity()["Account"] == live.account


def test_accounts_are_there_for_the_next_start(data: Path) -> None:
    run("create", ACCOUNT_ID, "--data", str(data))
    storage = open_storage(f"sqlite:///{data / 'trailwarden.db'}", blobs=str(data / "blobs"))
    assert [document.body.id for document in storage.begin().list(ACCOUNT)] == [ACCOUNT_ID]
    storage.close()
