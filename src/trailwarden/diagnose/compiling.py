"""Policies compiled once, however many identities they hang on."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from trailwarden.policy import Layer, MalformedPolicy, Policy, Source, compile_policy

__all__ = ["compile_for", "readable"]


def readable(text: str | Mapping[str, object] | None, source: Source) -> tuple[Policy, ...]:
    """The policy, or nothing where there is no such document or it is no policy: it grants and denies nothing then."""
    if text is None:
        return ()
    try:
        return (compile_for(text, source) if isinstance(text, str) else compile_policy(text, source),)
    except MalformedPolicy:
        return ()


def compile_for(text: str, source: Source) -> Policy:
    """The policy as it stands there. Raises MalformedPolicy. A large one of AWS's takes long to compile, and hangs everywhere."""
    return replace(_compiled(text), source=source, _remembered={})


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Policy:
    return compile_policy(text, Source(layer=Layer.IDENTITY, id=""))
