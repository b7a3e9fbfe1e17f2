"""Patterns over JSON: which events a rule takes, which messages a subscription wants."""

from trailwarden.services.patterns.dialect import EVENTS, MESSAGES, Dialect
from trailwarden.services.patterns.pattern import Fields, Leaf, Pattern
from trailwarden.services.patterns.reading import read_pattern
from trailwarden.services.patterns.scanner import JsonFault, PatternFault, check_json

__all__ = [
    "EVENTS",
    "MESSAGES",
    "Dialect",
    "Fields",
    "JsonFault",
    "Leaf",
    "Pattern",
    "PatternFault",
    "check_json",
    "read_pattern",
]
