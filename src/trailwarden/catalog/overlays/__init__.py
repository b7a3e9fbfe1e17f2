"""The tables of `trailwarden.catalog.overlay`, one file a service; each is read when its service is first asked about."""
