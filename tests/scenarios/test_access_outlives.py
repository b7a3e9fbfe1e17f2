"""What was approved for a time is taken back though the server was killed in between."""

import json
import signal
import time
from pathlib import Path

from tests.lasting import Server

from trailwarden.cli.connection import server_connection

PATIENCE = 40.0


def denial(account: str) -> str:
    return (
        f"User: arn:aws:iam::{account}:user/mateojackson is not authorized to perform: iam:ListUsers on resource: "
        f"arn:aws:iam::{account}:user/ because no identity-based policy allows the iam:ListUsers action"
    )


def test_an_expiry_outlives_the_server(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    try:
        iam = server.client("iam")
        iam.create_user(UserName="mateojackson")
        approver = iam.create_user(UserName="marymajor")["User"]
        account = approver["Arn"].split(":")[4]
        rights = {"Effect": "Allow", "Action": "trailwarden:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
        iam.put_user_policy(UserName="marymajor", PolicyName="Asking", PolicyDocument=document)
        admin = server_connection(server.data).client("trailwarden")
        made = admin.create_access_request(Text=denial(account))["AccessRequest"]
        assert made["Requester"] == f"arn:aws:iam::{account}:root", "asked on behalf of another, by right"
        key = iam.create_access_key(UserName="marymajor")["AccessKey"]
        put = {"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [rights, put]})
        iam.put_user_policy(UserName="marymajor", PolicyName="Asking", PolicyDocument=document)
        with (server.data / "aws" / "credentials").open("a") as file:
            file.write(
                f"\n[mary]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
            )
        with (server.data / "aws" / "config").open("a") as file:
            file.write(f"\n[profile mary]\nregion = us-east-1\nendpoint_url = {iam.meta.endpoint_url}\n")
        mary = server_connection(server.data, "mary").client("trailwarden")
        mary.approve_access_request(AccessRequestId=made["AccessRequestId"], DurationSeconds=6)
        assert iam.list_user_policies(UserName="mateojackson")["PolicyNames"] == ["AllowListUsers"]
        server.end(signal.SIGKILL)
        time.sleep(6)
        server.restart()
        admin, end = server_connection(server.data).client("trailwarden"), time.monotonic() + PATIENCE
        state = ""
        while state != "EXPIRED" and time.monotonic() < end:
            state = admin.get_access_request(AccessRequestId=made["AccessRequestId"])["AccessRequest"]["State"]
            time.sleep(0.1)
        assert state == "EXPIRED"
        assert server.client("iam").list_user_policies(UserName="mateojackson")["PolicyNames"] == []
    finally:
        server.end()
