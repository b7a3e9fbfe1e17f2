"""Errors of the front that belong to no single service."""

from collections.abc import Mapping
from typing import ClassVar

from trailwarden.errors import AwsError

__all__ = ["OperationNotBuilt"]


class OperationNotBuilt(AwsError):
    """The model has this operation, this server does not serve it. It is answered as AWS answers an operation it does not know.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html (UnknownOperationException)
    """

    code = "UnknownOperationException"
    codes: ClassVar[Mapping[str, str]] = {"query": "InvalidAction", "ec2": "InvalidAction", "s3": "NotImplemented"}
    statuses: ClassVar[Mapping[str, int]] = {"s3": 501}
    message = "The operation {operation} is not available on this server."
