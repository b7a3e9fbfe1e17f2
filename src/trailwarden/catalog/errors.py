"""What the catalog raises."""

__all__ = ["UnknownAction"]


class UnknownAction(LookupError):
    """It is not known which permission the operation needs; so nobody may call it."""

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(f"{service}:{operation}")
        self.service = service
        self.operation = operation
