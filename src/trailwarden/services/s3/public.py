"""Whether a bucket policy is public, remembered by its text.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from functools import lru_cache

from trailwarden.auth.public import everyone_named, is_public
from trailwarden.policy import Layer, MalformedPolicy, Policy, Source, compile_policy

__all__ = ["is_public_policy", "names_everyone"]


@lru_cache(maxsize=1024)
def is_public_policy(text: str) -> bool:
    """Whether some Allow statement is open to everybody, with no condition that fixes who or from where."""
    policy = _read(text)
    return policy is not None and is_public(policy)


@lru_cache(maxsize=1024)
def names_everyone(text: str) -> bool:
    """Whether some Allow statement could let an unsigned caller in."""
    policy = _read(text)
    return policy is not None and any(each.allows and everyone_named(each) for each in policy.statements)


def _read(text: str) -> Policy | None:
    try:
        return compile_policy(text, Source(layer=Layer.RESOURCE, id=""))
    except MalformedPolicy:
        return None
