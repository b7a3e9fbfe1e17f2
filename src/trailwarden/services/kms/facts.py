"""What authorization must know of keys and aliases, and what calls name of them.

https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

import base64
import binascii
from collections.abc import Mapping

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.lookup import Answer
from trailwarden.auth.stages import Authenticated
from trailwarden.services.kms.ciphertext import unwrap
from trailwarden.services.kms.finding import ALIAS
from trailwarden.services.kms.grant import grants_of, statements
from trailwarden.services.kms.key import KEY, Key, key_arn
from trailwarden.services.kms.policies import default_policy
from trailwarden.storage.ports import Reader

__all__ = ["KMS_LOOKUPS", "kms_facts"]

_USABLE = "Enabled"


def kms_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """Facts about a key or an alias; those of an alias tell the key that it stands for.

    Of a key that does not exist the account's own policies decide, so that whoever may ask learns that it is missing.
    """
    if arn.type == "alias":
        return _alias(arn, reader)
    if arn.type != "key":
        return None
    document = reader.get(KEY, arn.account, arn.region, arn.resource.removeprefix("key/"))
    if document is None:
        return ResourceFacts(account=arn.account, absent=True, policies=((str(arn), default_policy(arn.account)),))
    return _key(document.body, reader)


def _key(key: Key, reader: Reader) -> ResourceFacts:
    grants = grants_of(reader, key.account, key.region, key.id)
    aliases = [document.body for document in reader.list(ALIAS, key.account, key.region)]
    named = tuple(alias.name for alias in aliases if alias.key == key.id)
    return ResourceFacts(
        account=key.account,
        arn=key.arn,
        policies=((key.arn, key.policy),),
        tags=key.tags,
        grants=tuple(text for grant in grants for text in statements(grant, key.arn)),
        context={
            "kms:KeySpec": key.spec,
            "kms:KeyUsage": key.usage,
            "kms:KeyOrigin": "AWS_KMS",
            "kms:MultiRegion": "true" if key.multi_region else "false",
            **({"kms:MultiRegionKeyType": "PRIMARY"} if key.multi_region else {}),
            **({"kms:ResourceAliases": named} if named else {}),
        },
        unusable="" if key.state == _USABLE else key.state,
    )


def _alias(arn: Arn, reader: Reader) -> ResourceFacts | None:
    document = reader.get(ALIAS, arn.account, arn.region, arn.resource)
    if document is None:
        return None
    alias = document.body
    key = reader.get(KEY, alias.account, alias.region, alias.key)
    return ResourceFacts(
        account=alias.account,
        arn=key_arn(account=alias.account, region=alias.region, key_id=alias.key),
        alias=True,
        unusable="" if key is not None and key.body.state == _USABLE else "PendingDeletion",
    )


def _key_of_alias(name: str, call: Authenticated, reader: Reader) -> str | None:
    """The ARN of the key behind an alias, by name in the call's place or by ARN anywhere."""
    arn = Arn.parse(name) or Arn(service="kms", region=call.region, account=call.account, resource=name)
    document = reader.get(ALIAS, arn.account, arn.region, arn.resource)
    if document is None:
        return None
    return key_arn(account=arn.account, region=arn.region, key_id=document.body.key)


def _key_of_ciphertext(encoded: str, _call: Authenticated, _reader: Reader) -> str | None:
    """The ARN of the key that a ciphertext says it is from."""
    envelope = unwrap(base64.b64decode(encoded))
    return envelope.arn if envelope is not None else None


def _key_of_grant_token(token: str, _call: Authenticated, _reader: Reader) -> str | None:
    """The ARN of the key that a grant token is for."""
    try:
        return base64.b64decode(token, validate=True).decode().split("|")[0]
    except (binascii.Error, UnicodeError, ValueError):
        return None


KMS_LOOKUPS: Mapping[str, Answer] = {
    "kms.alias": _key_of_alias,
    "kms.ciphertext": _key_of_ciphertext,
    "kms.grant-token": _key_of_grant_token,
}
"""What only stored keys and KMS's own blobs tell of a call (`catalog.asking.Lookup`)."""
