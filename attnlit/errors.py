"""The one exception that users meet."""


class AttnlitError(ValueError):
    """A mistake that the user can mend. Its message is one or two plain sentences that say what to do."""
