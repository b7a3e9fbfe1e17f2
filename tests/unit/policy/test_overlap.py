import pytest

from trailwarden.policy.overlap import overlap

BUCKET = "arn:${Partition}:s3:::${BucketName}"
TRAIL = "arn:${Partition}:cloudtrail:${Region}:${Account}:trail/${TrailName}"


@pytest.mark.parametrize(
    ("template", "pattern", "met"),
    [
        (BUCKET, "arn:aws:s3:::logs", True),
        (BUCKET, "arn:aws:sqs:::logs", False),
        (BUCKET, "arn:aws:s3:us-east-1::logs", False),
        (BUCKET, "*", True),
        (BUCKET, "arn:*", True),
        (BUCKET, "arn:*:sqs:*", True),
        (BUCKET, "arn", False),
        (BUCKET, "arn:aws:s?:::logs", True),
        (BUCKET, "arn:aws:s??:::logs", False),
        (BUCKET, "arn:aws:s3:::${aws:username}", True),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:trail/x", True),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:channel/x", False),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:*/x", True),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:trai?/x", True),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:trail", False),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:trail/", True),
        (TRAIL, "arn:aws:cloudtrail:*:trail/x", True),
        (TRAIL, "arn:aws:cloudtrail:*:channel/x", True),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:t*l/*z", True),
        (TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:q*l/*z", False),
        (TRAIL, "arn:aws:cloud${x}:trail/y", True),
        (TRAIL, "a${x}:123456789012:trail/y", True),
        (TRAIL, "arn:aws:${x}:123456789012:trail/y", True),
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("abc", "ab", False),
        ("abc", "a**c", True),
        ("abc", "a**bc*", True),
        ("a${x}c", "ac", True),
        ("a${x", "a${x", True),
        ("a}b${x}", "a}bz", True),
        ("", "", True),
        ("", "*", True),
        ("", "?", False),
        ("ab", "b" * 255, False),
        ("ab", "b" * 256, False),
        ("ab", "b" * 257, True),
    ],
)
def test_an_arn_and_a_pattern_meet_or_do_not(template: str, pattern: str, met: bool) -> None:
    assert overlap(template, pattern) is met
