"""Policies compiled once, however many identities they hang on."""

from dataclasses import replace
from functools import lru_cache

from trailwarden.policy import Layer, Policy, Source, compile_policy

__all__ = ["compile_for"]


def compile_for(text: str, source: Source) -> Policy:
    """The policy as it stands there. Raises MalformedPolicy. A large one of AWS's takes long to compile, and hangs everywhere."""
    return replace(_compiled(text), source=source, _remembered={})


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Policy:
    return compile_policy(text, Source(layer=Layer.IDENTITY, id=""))
