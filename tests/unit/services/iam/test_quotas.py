"""How many of everything an account may have."""

import pytest
from tests.unit.services.desk import Desk

from trailwarden.errors import AwsError
from trailwarden.services.iam import quotas


def test_an_account_is_full_until_something_goes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it was counted before: creations, deletions and other changes in between."""
    monkeypatch.setitem(quotas.PER_ACCOUNT, "Groups", 7)

    def create(name: str) -> None:
        desk.call("iam:CreateGroup", {"GroupName": name})

    def refused(name: str) -> None:
        with pytest.raises(AwsError, match="Cannot exceed quota for GroupsPerAccount: 7") as refusal:
            create(name)
        assert refusal.value.code == "LimitExceeded"

    for number in range(7):
        create(f"group-{number}")
        desk.call("iam:CreateUser", {"UserName": f"user-{number}"})
    refused("eighth")
    refused("eighth")
    desk.call("iam:DeleteGroup", {"GroupName": "group-0"})
    create("eighth")
    refused("ninth")
    for number in range(1, 7):
        desk.call("iam:DeleteGroup", {"GroupName": f"group-{number}"})
    for number in range(1, 7):
        create(f"group-{number}")
    refused("ninth")


def test_accounts_do_not_count_each_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quotas.PER_ACCOUNT, "Groups", 1)
    desk.call("iam:CreateGroup", {"GroupName": "here"})
    desk.call("iam:CreateGroup", {"GroupName": "there"}, account="111122223333")
    with pytest.raises(AwsError, match="Cannot exceed quota"):
        desk.call("iam:CreateGroup", {"GroupName": "more"}, account="111122223333")
