"""Policies compiled once: by their text and the place they hang on, a bounded number remembered."""

from trailwarden.policy import MalformedPolicy, Policy, Source, compile_policy

__all__ = ["compiled"]

_REMEMBERED = 8_192

_NOTHING_ALLOWED = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'

_known: dict[tuple[Source, str], Policy] = {}
"""Filled as calls come; a policy never changes, so it is the same for all of them."""


def compiled(text: str, source: Source) -> Policy:
    """The policy, compiled. One that cannot be read, which no checked document is, denies everything it hangs on."""
    key = (source, text)
    policy = _known.get(key)
    if policy is None:
        policy = _compile(text, source)
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[key] = policy
    return policy


def _compile(text: str, source: Source) -> Policy:
    try:
        return compile_policy(text, source)
    except MalformedPolicy:
        return compile_policy(_NOTHING_ALLOWED, source)
