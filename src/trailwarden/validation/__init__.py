"""Whether delivered log files are what was delivered: digest chains followed, signatures and hashes checked, nothing repaired.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
"""

from trailwarden.validation.bucket import Bucket
from trailwarden.validation.finding import Finding, Verdict
from trailwarden.validation.folder import Folder, Mistaken
from trailwarden.validation.keys import Keys, KeysUnreadable, listed_keys
from trailwarden.validation.place import Place, Spot, Stored
from trailwarden.validation.report import Report, report_data, report_text
from trailwarden.validation.validate import Asked, validate

__all__ = [
    "Asked",
    "Bucket",
    "Finding",
    "Folder",
    "Keys",
    "KeysUnreadable",
    "Mistaken",
    "Place",
    "Report",
    "Spot",
    "Stored",
    "Verdict",
    "listed_keys",
    "report_data",
    "report_text",
    "validate",
]
