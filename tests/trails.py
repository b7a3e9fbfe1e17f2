"""Buckets and trails as the documentation sets them up."""

import json
from typing import Any

from tests.live import Live

__all__ = ["bucket_policy", "logging_trail"]


def bucket_policy(bucket: str, account: str, *, prefix: str = "", source_arn: str = "") -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    sourced = {"aws:SourceArn": source_arn} if source_arn else {}
    common = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    write = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **sourced}}
    check = {**common, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**check, "Condition": {"StringEquals": sourced}} if sourced else check,
            {
                **common,
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/{prefix}AWSLogs/{account}/*",
                "Condition": write,
            },
        ],
    }


def logging_trail(live: Live, name: str, bucket: str, **settings: Any) -> str:
    """A trail that logs into a new bucket; gives its ARN."""
    s3, trails = live.client("s3"), live.client("cloudtrail")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(bucket_policy(bucket, live.account)))
    arn: str = trails.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"]
    trails.start_logging(Name=name)
    return arn
