"""The role of a head on one text, in sentences (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.analysis.scores import RESTS, roles_on_text
from attnlit.wording import with_article

if TYPE_CHECKING:
    from attnlit.attention.record import Attention


def role_in_words(attention: Attention, layer: int, head: int, *, threshold: bool = True) -> str:
    """The role of this head on this text: the one whose threshold its score exceeds most.

    threshold: whether that is said, too; somebody's first role does without. A head that also rests on the
    first token is said to. A role on one text is a picture, not a finding: the sentence says "on this text".
    Raises AttnlitError as `attnlit.analysis.scores.roles_on_text`.
    """
    found = roles_on_text(attention, layer, head)
    if found is None:
        return "Too few tokens to name a role."
    if not found:
        return "No plain role: on this text the head follows none of the simple patterns clearly."
    role, share = found[0]
    article, name = with_article(role.name).split(" ", 1)
    where = f"{role.where}, " if role.where else ""
    given = f" (the name is given from {role.least:.0%})" if threshold else ""
    sentence = (
        f"On this text {article} **{name}**: {where}{share:.0%} of its attention goes to {role.job}{given}."
    )
    last, on_first = found[-1]
    if role is RESTS or last is not RESTS:
        return sentence
    when = "Elsewhere" if role.where else "Besides,"
    return f"{sentence} {when} it rests on the first token, which gets {on_first:.0%} of all its attention."
