"""A CloudTrail you run yourself, with its whole identity-and-access side."""
