"""The one exception that users meet."""

from attnlit.wording import one_line

_MOST_CHARACTERS = 600  # a message names models and texts, and those may be of any length


class AttnlitError(ValueError):
    """A mistake that the user can correct. Its message is one or two plain sentences that say what to do.

    The message is cleaned here, because it often repeats what a visitor, a link or a hub has sent: on one
    line, without control characters, not too long. Where it is shown as Markdown it is escaped, too.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, _MOST_CHARACTERS))
