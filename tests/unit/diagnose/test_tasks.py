"""What a task lacks is added to what stands."""

import json

from trailwarden.diagnose import FileData, SetDocument, diagnose, read_message
from trailwarden.diagnose.account import Account, Identity

ACCOUNT = "123456789012"
STANDING = {"Sid": "Mine", "Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
REFUSED = (
    f"User: arn:aws:iam::{ACCOUNT}:user/marymajor is not authorized to perform: config:PutConfigurationRecorder "
    "because no identity-based policy allows the config:PutConfigurationRecorder action"
)


def test_an_inline_policy_of_that_name_keeps_its_statements() -> None:
    standing = json.dumps({"Version": "2012-10-17", "Id": "kept", "Statement": STANDING})
    mary = Identity(
        kind="user",
        name="marymajor",
        arn=f"arn:aws:iam::{ACCOUNT}:user/marymajor",
        inline={"AllowConfig": standing},
        attached=("arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess",),
    )
    account = Account(id=ACCOUNT, identities={("user", "marymajor"): mary}, policies={})
    edit = diagnose(read_message(REFUSED), FileData(details=account)).mends[0].edits[0]
    assert isinstance(edit, SetDocument)
    assert edit.place.name == "AllowConfig"
    assert edit.before == standing
    after = json.loads(edit.after)
    assert after["Statement"][0] == STANDING
    assert len(after["Statement"]) > 1
    assert after["Id"] == "kept"
