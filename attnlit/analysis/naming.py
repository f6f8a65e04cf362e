"""A head's role in plain words, where a score of `head_roles` is high enough to claim one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnlit.analysis.roles import head_scores
from attnlit.wording import with_article

if TYPE_CHECKING:
    from attnlit.attention.record import Attention


@dataclass(frozen=True)
class Role:
    """What a head is called when its score (a column of `head_roles`) reaches `least`."""

    score: str
    least: float
    name: str
    job: str  # finishes "62% of its attention goes to ..."
    where: str = ""  # which tokens' attention that is, where it is not every token's


_AT_A_REPEATED_TOKEN = "where a token has occurred before"
# A head rests on the first token, or is an attention sink, from this mean attention to it on: Gu et al. 2024
# (arXiv 2410.10781). Whether such a head is idle, adds a constant or works, its weights do not tell.
RESTS_FROM = 0.3
RESTS = Role("first", RESTS_FROM, "first-token head (attention sink)", "the first token")
# Thresholds with a source: Clark et al. 2019 (arXiv 1906.04341) for the token before and after, separators
# and punctuation. Those for the same token, in either sentence, and induction are ours and have no source.
ROLES = (
    Role("previous", 0.5, "previous-token head", "the token before"),
    Role("next", 0.5, "next-token head", "the token after"),
    Role(
        "same_other_sentence",
        0.5,
        "same-token-in-the-other-sentence head",
        "the same token there",
        "where the other sentence has the same token",
    ),
    Role("induction", 0.3, "induction head", "what followed it then", _AT_A_REPEATED_TOKEN),
    Role("same", 0.5, "same-token head", "the same token elsewhere", "where a token occurs more than once"),
    Role("separators", 0.6, "separator head", "special tokens such as [SEP]"),
    Role("punctuation", 0.6, "punctuation head", "punctuation"),
    RESTS,
)
# Roles that one text cannot tell: Voita et al. 2019 (arXiv 1905.09418) for the position, Clark et al. for
# broad heads. The threshold of duplicate tokens is ours.
ROLES_ON_MANY_TEXTS = (
    *ROLES,
    Role("positional", 0.9, "positional head", "one fixed distance"),
    Role("duplicate", 0.3, "duplicate-token head", "the same token earlier", _AT_A_REPEATED_TOKEN),
    Role("entropy", 3.8, "broad head", "very many tokens at once"),
)
# With fewer, an even spread in a causal model reaches the sink's 0.3 alone: the first tokens see little else.
FEWEST_TOKENS = 10


def role_in_words(attention: Attention, layer: int, head: int) -> str:
    """The role of this head on this text: the one whose threshold its score exceeds most, in words.

    A role that says what the head looks for comes before resting on the first token, which many heads do
    besides; both are named. A role on one text is a picture, not a finding: the sentence says "on this
    text". Raises AttnlitError for a layer or head that the model lacks, and for a record that `head_scores`
    refuses.
    """
    attention.check(layer, head)
    if min(len(attention.queries), len(attention.keys)) < FEWEST_TOKENS:
        return "Too few tokens to name a role."
    alone = replace(attention, weights=attention.weights[layer : layer + 1, head : head + 1])
    named = head_scores(alone, only={role.score for role in ROLES})  # what else there is names no role
    scores = {name: float(score[0, 0]) for name, score in named.items()}
    reached = [role for role in ROLES if scores.get(role.score, 0.0) >= role.least]
    if not reached:
        return "No plain role: on this text the head follows none of the simple patterns clearly."
    specific = [role for role in reached if role is not RESTS]
    role = max(specific, key=lambda role: scores[role.score] / role.least, default=RESTS)
    article, name = with_article(role.name).split(" ", 1)
    where = f"{role.where}, " if role.where else ""
    sentence = (
        f"On this text {article} **{name}**: {where}{scores[role.score]:.0%} of its attention goes to "
        f"{role.job} (the name is given from {role.least:.0%})."
    )
    if role is RESTS or RESTS not in reached:
        return sentence
    when = "Elsewhere" if role.where else "Besides,"
    share = f"{scores[RESTS.score]:.0%} of all its attention"
    return f"{sentence} {when} it rests on the first token, which gets {share}."
