"""The roles of heads on one text, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.analysis.scores import RESTS, TOLD_BY_A_TEXT, Role, roles_on_text
from attnlit.models.layers import heads_in_order
from attnlit.wording import listed, with_article

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnlit.attention.record import Attention

FEW = 8  # heads: so many are named, and more are counted


def role_in_words(attention: Attention, layer: int, head: int, *, threshold: bool = True) -> str:
    """The role of this head on this text, in Markdown: the one whose threshold its score exceeds most.

    threshold: whether that is said, too; somebody's first role does without. A head that also rests on the
    first token is said to. A role on one text is a picture, not a finding: the sentence says "on this text".
    Raises AttnlitError as `attnlit.analysis.scores.roles_on_text`.
    """
    found = roles_on_text(attention, layer, head)
    if found is None:
        return "Too few tokens to name a role."
    if not found:
        return "No clear role: on this text the head follows none of the simple patterns."
    role, share = found[0]
    article, name = with_article(role.name).split(" ", 1)
    where = f"{role.where}, " if role.where else ""
    given = f" (the threshold is {role.least:.0%})" if threshold else ""
    sentence = (
        f"On this text {article} **{name}**: {where}{share:.0%} of its attention goes to {role.job}{given}."
    )
    last, on_first = found[-1]
    if role is RESTS or last is not RESTS:
        return sentence
    when = "Elsewhere" if role.where else "Besides,"
    return f"{sentence} {when} it rests on the first token, which gets {on_first:.0%} of all its attention."


def heads_of_role(
    attention: Attention, main: Sequence[Sequence[int | None]], role: int | None, *, brief: bool = False
) -> str:
    """How many heads do something first of all on this text, and which, if they are few; no Markdown.

    main: for each head (L, H) its role, as `attnlit.analysis.scores.main_roles` returns them; role: one of
    those, None for heads without any. brief: neither which they are nor what the role is.
    """
    heads = heads_in_order(attention.layer_numbers, attention.heads)
    of_heads = (each for row in main for each in row)
    found = [head for head, each in zip(heads, of_heads, strict=True) if each == role]
    one, few = len(found) == 1, len(found) <= FEW and not brief
    count = f"{len(found)} of {len(heads)} heads"
    which = f" ({listed(f'{layer}-{head}' for layer, head in found)})" if few else ""
    if role is None:
        does = f"follow{'s' * one} none of the simple patterns clearly"
        return f"{count} {does}; the others are faded" if brief else f"On this text {count}{which} {does}."
    about = [*TOLD_BY_A_TEXT.values()][role]
    name = with_article(about.name) if one else several(about)
    where = f"{about.where}, " if about.where else ""
    are, whose = ("is", "its") if one else ("are", "their")
    if brief:
        return f"{count} {are} {name}; the others are faded"
    return (
        f"On this text {count} {are} {name}{which}: {where}{about.least:.0%} or more of {whose} attention "
        f"goes to {about.job}."
    )


def several(role: Role) -> str:
    """What several heads with a role are called: “previous-token heads”."""
    return role.name.replace(" head", " heads", 1)
