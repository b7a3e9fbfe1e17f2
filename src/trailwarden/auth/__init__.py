"""Who calls, and whether they may: SigV4, credentials, the policies that apply, the decision."""
