"""What a gate answers `outgate run` with, beside its health: light, as each run loads it first."""

NOT_FOLLOWED = "runs_of_user"
"""In the answer to a run that is not followed: so many of its user's are."""
