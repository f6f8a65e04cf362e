"""The reading view's tables, from a record of attention.

- `setup`: one row of what the picture has once
- `layouts`: for each of some widths, the line and the place of every word, as compact text
- `tokens`: the text, one row a token
- `rows`: for each word that can be chosen, how strongly every token is shaded; the last row is the chosen one
- `legend`: who said what, and its colour
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from attnlit.attention.answers import Answer
from attnlit.attention.given import as_list, checked_switch, checked_token
from attnlit.attention.record import ATTENTION
from attnlit.attention.rows import Heads, shares
from attnlit.attention.spans import ANSWER, ASSISTANT, PROMPT, ROLES, SYSTEM, THINKING, USER
from attnlit.charts.packed_text import row_texts, rows_table
from attnlit.charts.reading.layout import LINE, Box, placed, widths
from attnlit.charts.reading.text import Text, boxes_of, leftwards, text_of
from attnlit.charts.text_width import text_width
from attnlit.charts.theme import Theme
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind, percent

if TYPE_CHECKING:
    from attnlit.attention import Attention

TOP = 46  # pixels above the legend: title and scale
BELOW_LEGEND, BOTTOM = 12, 8
FINE = 1000  # shades are whole numbers of this share of the darkest
MOST_POINTED_AT = 120_000  # shades that travel for pointing; beyond, only a click answers
LEAST_SCALE = 0.01
NOWHERE = "nowhere"
LOST = 0.005  # from here on a learned sink's share is in the legend
LEGEND_SIZE, SWATCH = 12, 16
_HUES = {SYSTEM: 3, USER: 1, ASSISTANT: 2, THINKING: 5, PROMPT: 1}  # of the heads' colours


def reading_tables(
    attention: Attention,
    heads: Heads,
    chosen: Sequence[int],
    *,
    theme: Theme,
    once_read: bool,
) -> tuple[dict[str, pa.Table], tuple[str, ...]]:
    """The tables that the specification names, and the sentences for under the picture."""
    text = text_of(attention, once_read=checked_switch(once_read, "once_read"))
    words = as_list(chosen)
    if words is None:
        raise AttnlitError(f"Give words as a list of numbers, such as [0, 3], not as {a_kind(chosen)}.")
    chosen = [checked_token(word, len(text.words)) for word in words]
    if not chosen:
        raise AttnlitError("No word is chosen. Choose at least one.")
    read = shares(attention, text.rows, heads)  # (R, K)
    full = _full(attention, read)
    pointing = read.size <= MOST_POINTED_AT
    kept = [*range(len(read))] if pointing else []
    shown = np.concatenate([read[kept], read[[*chosen]].mean(axis=0, keepdims=True)])
    entries = _entries(attention, text, theme)
    tables = {
        "setup": rows_table(
            full=[full],
            most=[percent(full)],
            chosen_row=[len(shown) - 1],
            pointing=[pointing],
            leftwards=[leftwards(text)],
        ),
        "layouts": _layouts(text, entries),
        "tokens": _token_table(attention, text, chosen, theme),
        "rows": _row_table(attention, text, shown, full, [*([row] for row in kept), [*chosen]], entries),
        "legend": rows_table(
            place=np.arange(len(entries), dtype=np.int16),
            name=[name for name, _ in entries],
            colour=[colour for _, colour in entries],
        ),
    }
    return tables, _notes(attention, full, pointing=pointing)


def _full(attention: Attention, read: np.ndarray) -> float:
    """The share that has the darkest ground: the most that any word but the first and added ones gets.

    The same for all words of a picture, so that they can be compared.
    """
    plain = [place for place, token in enumerate(attention.keys) if token.position > 0 and not token.special]
    return max(LEAST_SCALE, float(read[:, plain].max(initial=0)))


def _entries(attention: Attention, text: Text, theme: Theme) -> list[tuple[str, str]]:
    """(name, colour) of whoever said something that can be read, and of what goes nowhere."""
    there = {role for role, key in zip(text.roles, text.keys, strict=True) if key >= 0}
    entries = [(role, role_colour(role, theme)) for role in ROLES if role in there]
    lost = attention.weighs == ATTENTION and 1 - float(attention.weights.sum(axis=-1).min()) >= LOST
    return [*entries, (NOWHERE, theme.rule)] if lost and entries else entries


def role_colour(role: str, theme: Theme) -> str:
    """The colour of what somebody said."""
    return theme.heads[_HUES[role]] if role in _HUES else theme.accent if role == ANSWER else theme.faint


def _layouts(text: Text, entries: Sequence[tuple[str, str]]) -> pa.Table:
    """For each width: the lines and places of the legend's entries, and of the text."""
    boxes = boxes_of(text)
    legend = [Box(SWATCH + text_width(f"{name} 100%", LEGEND_SIZE) + 12, apart=True) for name, _ in entries]
    columns: dict[str, list[object]] = {"lines": [], "xs": [], "legend_lines": [], "legend_xs": []}
    tops, heights = [], []
    for width in widths():
        legend_lines, legend_xs = placed(legend, width)
        lines, xs = placed(boxes, width, leftwards=leftwards(text))
        for name, values in zip(columns, (lines, xs, legend_lines, legend_xs), strict=True):
            columns[name].append(",".join(map(str, values)))
        top = TOP + (max(legend_lines, default=-1) + 1) * (LEGEND_SIZE + 8) + BELOW_LEGEND
        tops.append(top)
        heights.append(top + (max(lines) + 1) * LINE + BOTTOM)
    return rows_table(width=widths(), **columns, text_top=tops, text_height=heights)


def _token_table(attention: Attention, text: Text, chosen: Sequence[int], theme: Theme) -> pa.Table:
    held = {text.words[word] for word in chosen}
    known = {word.position: word for word in attention.written} if isinstance(attention, Answer) else {}
    written = [
        known.get(token.position) if choice >= 0 else None
        for token, choice in zip(text.tokens, text.choices, strict=True)
    ]
    return rows_table(
        place=np.arange(len(text.tokens), dtype=np.int16),
        key=np.array(text.keys, np.int16),
        choice=np.array(text.choices, np.int16),
        text=[token.text for token in text.tokens],
        special=[token.special for token in text.tokens],
        space=[box.width for box in boxes_of(text)],
        said_by=[role_colour(role, theme) if role else theme.background for role in text.roles],
        role=list(text.roles),
        held=[place in held for place in range(len(text.tokens))],
        chance=["" if each is None else percent(each.probability) for each in written],
        likely=[
            "" if each is None else ", ".join(f"{word} {percent(chance)}" for word, chance in each.likely)
            for each in written
        ],
    )


def _row_table(
    attention: Attention,
    text: Text,
    shown: np.ndarray,
    full: float,
    words: Sequence[Sequence[int]],
    entries: Sequence[tuple[str, str]],
) -> pa.Table:
    """shown: shares (R, K); words: the choices whose mean each of its rows is."""
    shades = np.rint(np.minimum(shown / full, 1) * FINE).astype(np.int32)
    roles = np.array([role for role, key in zip(text.roles, text.keys, strict=True) if key >= 0])
    sums = [
        1 - shown.sum(axis=1) if name == NOWHERE else shown[:, roles == name].sum(axis=1)
        for name, _ in entries
    ]
    told = [",".join(percent(max(0.0, float(column[row]))) for column in sums) for row in range(len(shown))]
    return rows_table(
        shades=row_texts(shades, {"": shades == 0}),
        sums=told,
        limit=[max(_sees(attention, text, word) for word in each) for each in words],
        title=[_title(attention, text, each) for each in words],
    )


def _sees(attention: Attention, text: Text, word: int) -> int:
    """The last key that a choice's row can see."""
    if not attention.causal:
        return len(attention.keys)
    row = attention.queries[text.rows[word]].position
    return sum(key.position <= row for key in attention.keys) - 1


def _title(attention: Attention, text: Text, words: Sequence[int]) -> str:
    if len(words) > 1:
        return f"Read for {len(words)} words, on average"
    token = text.tokens[text.words[words[0]]]
    row, word = text.rows[words[0]], attention.queries[text.rows[words[0]]]
    wrote = word.position != token.position
    return f"Read to write “{token.text}”" if wrote else f"Read by “{attention.queries[row].text}”"


def _notes(attention: Attention, full: float, *, pointing: bool) -> tuple[str, ...]:
    notes = [
        f"The strongest shade stands for {percent(full)}, the most that any word here gets except the first "
        f"and the added ones{', which often get far more, whatever the words are' * (full < 0.5)}."
    ]
    if attention.weighs != ATTENTION:
        notes.append("Shares are of the length of all that these heads bring to the word.")
    if not pointing:
        notes.append("This text is too long for pointing: click a word to see what was read for it.")
    return tuple(notes)
