"""What is raised for a document that AWS refuses."""

__all__ = ["MalformedPolicy", "PolicyTooLarge"]


class MalformedPolicy(Exception):
    """A document that AWS refuses. `text` is AWS's message, `path` the JSON path of the fault, `reason` ours on it."""

    def __init__(self, text: str, path: str, reason: str = "") -> None:
        self.text = text
        self.path = path
        self.reason = reason
        super().__init__(text)


class PolicyTooLarge(MalformedPolicy):
    """A document beyond its quota, for which services have an error of its own (IAM: LimitExceeded)."""
