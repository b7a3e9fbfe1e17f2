"""Single calls of services that are not built, which clients of the built ones make on their way.

Nothing of these services can be made here, so that the truth about them is short: no functions, no instances, no alarms.
Importing the package registers its operations.
"""

from trailwarden.services.neighbours import absent, regions

__all__ = ["absent", "regions"]
