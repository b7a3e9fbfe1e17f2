"""From any kind of refusal to its cause and the smallest verified mend."""

from trailwarden.diagnose.case import Case, MoreNeeded
from trailwarden.diagnose.data import AccountData, FileData, LiveData, Unreadable, read_files
from trailwarden.diagnose.diagnosis import Diagnosis, diagnose
from trailwarden.diagnose.edits import Attach, ClientCall, Edit, SetDocument
from trailwarden.diagnose.grouping import Group, Recurrence, count_denials, group_denials
from trailwarden.diagnose.intake import read_denials, read_event, read_input
from trailwarden.diagnose.logs import LogFile, LogFiles
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.message import read_message, read_messages
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.report import (
    as_data,
    as_markdown,
    as_text,
    groups_as_data,
    groups_as_markdown,
    groups_as_text,
)

__all__ = [
    "AccountData",
    "Attach",
    "Case",
    "ClientCall",
    "Diagnosis",
    "Edit",
    "FileData",
    "Group",
    "LiveData",
    "LogFile",
    "LogFiles",
    "Mend",
    "MoreNeeded",
    "Recurrence",
    "Refusal",
    "Remedy",
    "SetDocument",
    "Unreadable",
    "as_data",
    "as_markdown",
    "as_text",
    "count_denials",
    "diagnose",
    "group_denials",
    "groups_as_data",
    "groups_as_markdown",
    "groups_as_text",
    "read_denials",
    "read_event",
    "read_files",
    "read_input",
    "read_message",
    "read_messages",
]
