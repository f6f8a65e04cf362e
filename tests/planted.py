"""A tiny GPT-2 whose heads do exactly what they are told, so that every score is known beforehand.

The residual stream is [one-hot of the token | one-hot of the position | free slots of zeros]. Each row then
has the same mean and standard deviation, so layer norms can be given weights that undo them; MLPs add 0.
A planted head's scores differ by so much that its softmax is exactly 0 or 1; a head that nobody planted has
no weights and spreads its attention evenly over what it may see.

    module = blank()
    previous_token(module, layer=0, head=1, to=slot(0))
    induction(module, layer=1, head=2, reads=slot(0), to=slot(1))
    predict(module, slot(1), logit=5.0)
    model = attnlit.load(str(save(module, folder)))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

_WORDS = """
    <unk> <|endoftext|> . , ; ? the a she he they it nurse doctor farmer soldier teacher baker asked told saw
    met thanked because was were tired late kind red blue green cat dog bird mat rug tree one two three four
    five six said again today and
"""
WORDS = tuple(_WORDS.split())
COUNT, LENGTH = len(WORDS), 112  # of words and positions: room for 25 tokens four times in a row
HEADS, HEAD_SIZE = 4, COUNT + LENGTH  # a head can compare words and positions at once
WIDTH = HEADS * HEAD_SIZE
TOKENS, POSITIONS = slice(0, COUNT), slice(COUNT, HEAD_SIZE)
SLOTS = (WIDTH - HEAD_SIZE) // COUNT
SURE = 240.0  # a difference of scores whose softmax is exactly 0 and 1 in float32, even halved


def slot(number: int) -> slice:
    """A free part of the residual stream, as wide as the vocabulary: a head can write a word into it."""
    assert 0 <= number < SLOTS
    start = HEAD_SIZE + number * COUNT
    return slice(start, start + COUNT)


def blank(layers: int = 2) -> Any:
    """A GPT-2 whose heads look everywhere alike, write nothing, and that finds all words equally likely."""
    config = transformers.GPT2Config(
        vocab_size=COUNT, n_positions=LENGTH, n_embd=WIDTH, n_layer=layers, n_head=HEADS, n_inner=1,
        bos_token_id=1, eos_token_id=1, tie_word_embeddings=False,
    )  # fmt: skip
    module = transformers.GPT2LMHeadModel(config).eval().requires_grad_(False)
    for weights in module.parameters():
        weights.zero_()
    module.transformer.wte.weight[:, TOKENS] = torch.eye(COUNT)
    module.transformer.wpe.weight[:, POSITIONS] = torch.eye(LENGTH)
    return module


def look(module: Any, layer: int, head: int, query: torch.Tensor, key: torch.Tensor) -> None:
    """Gives a head its query and key weights, (WIDTH, HEAD_SIZE) each: a score is query . key, not scaled."""
    weights = module.transformer.h[layer].attn.c_attn.weight  # (WIDTH, 3 * WIDTH): queries, keys, values
    weights[:, _of(head)] = query * HEAD_SIZE**0.5
    weights[:, _of(head, WIDTH)] = key


def write(module: Any, layer: int, head: int, to: slice, reads: slice = TOKENS) -> None:
    """Lets a head copy the one-hot of what it looks at into a slot, which no other head writes into.

    The head must give all its attention to one token (or to several of the same word): `save` counts on it.
    """
    attention = module.transformer.h[layer].attn
    size = reads.stop - reads.start
    attention.c_attn.weight[reads, _of(head, 2 * WIDTH)][:, :size] = torch.eye(size)
    attention.c_proj.weight[_of(head)][:size, to] = torch.eye(size)


def write_next(module: Any, layer: int, head: int, to: slice) -> None:
    """Lets a head write the one-hot of the word that follows, in WORDS, the one that it looks at."""
    write(module, layer, head, to)
    output = module.transformer.h[layer].attn.c_proj.weight[_of(head)][:COUNT, to]
    output.copy_(torch.eye(COUNT).roll(1, 1))


def predict(module: Any, reads: slice, logit: float) -> None:
    """The word in a slot gets this logit, all others 0; several slots add up."""
    module.lm_head.weight[:, reads] = logit * torch.eye(COUNT)


def previous_token(module: Any, layer: int, head: int, to: slice | None = None) -> None:
    """A head that looks at the token before; the first token has only itself."""
    query, key = nothing(), nothing()
    query[POSITIONS, COUNT:] = SURE * torch.eye(LENGTH).roll(1, 0)  # position i asks for i - 1
    query[POSITIONS.start, COUNT:] = 0
    key[POSITIONS, COUNT:] = torch.eye(LENGTH)
    _plant(module, layer, head, query, key, to)


def first_token(module: Any, layer: int, head: int, to: slice | None = None) -> None:
    """A head that looks at the first token."""
    query, key = nothing(), nothing()
    query[POSITIONS, 0] = SURE
    key[POSITIONS.start, 0] = 1
    _plant(module, layer, head, query, key, to)


def same_token(module: Any, layer: int, head: int, to: slice | None = None) -> None:
    """A head that looks at all earlier places of the query's word; at itself where there are none."""
    query, key = _by_word_or_itself(of_itself=-SURE / 2)
    key[TOKENS, :COUNT] = torch.eye(COUNT)
    _plant(module, layer, head, query, key, to)


def induction(module: Any, layer: int, head: int, reads: slice, to: slice | None = None) -> None:
    """A head that looks at what followed the query's word earlier; at itself where it has not been.

    reads: the slot into which a previous-token head of an earlier layer writes. A word that stands twice in a
    row looks at itself.
    """
    query, key = _by_word_or_itself(of_itself=SURE / 2)
    key[reads, :COUNT] = torch.eye(COUNT)
    key[POSITIONS.start, :COUNT] = -1  # the first token has nothing before it, though its slot holds itself
    _plant(module, layer, head, query, key, to)


def distance_decay(module: Any, layer: int, head: int, falls: Mapping[int, float]) -> None:
    """A head whose score falls with each token of distance, whatever the words, by so much in each dimension.

    Every query is the same, and dimension n of key j is j: the score is the sum of falls[n] times j.
    """
    query, key = nothing(), nothing()
    for dimension, fall in falls.items():
        query[POSITIONS, dimension] = fall
        key[POSITIONS, dimension] = torch.arange(float(LENGTH))
    look(module, layer, head, query, key)


def _by_word_or_itself(of_itself: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Queries that ask for their word, and add something to the score of their own position."""
    query, key = nothing(), nothing()
    query[TOKENS, :COUNT] = SURE * torch.eye(COUNT)
    query[POSITIONS, COUNT:] = of_itself * torch.eye(LENGTH)
    key[POSITIONS, COUNT:] = torch.eye(LENGTH)
    return query, key


def nothing() -> torch.Tensor:
    """Query or key weights that read nothing, (WIDTH, HEAD_SIZE), to be filled for `look`."""
    return torch.zeros(WIDTH, HEAD_SIZE)


def save(module: Any, folder: Path) -> Path:
    """Makes every layer norm the identity, and saves the model and its tokenizer as a user's folder."""
    ones = 2  # of a row of the residual stream: its word, its position, and what heads have written
    for block in module.transformer.h:
        _undo(block.ln_1, ones)
        ones += sum(bool(block.attn.c_proj.weight[_of(head)].any()) for head in range(HEADS))
        _undo(block.ln_2, ones)
    _undo(module.transformer.ln_f, ones)
    module.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: id_ for id_, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=LENGTH,
        unk_token="<unk>",
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
    ).save_pretrained(folder)
    return folder


def _undo(norm: Any, ones: int) -> None:
    """A layer norm's weights that leave rows of so many ones, and else zeros, as they are."""
    mean = ones / WIDTH
    norm.weight.fill_((mean - mean**2 + norm.eps) ** 0.5)
    norm.bias.fill_(mean)


def _plant(
    module: Any, layer: int, head: int, query: torch.Tensor, key: torch.Tensor, to: slice | None
) -> None:
    look(module, layer, head, query, key)
    if to is not None:
        write(module, layer, head, to)


def _of(head: int, start: int = 0) -> slice:
    return slice(start + head * HEAD_SIZE, start + (head + 1) * HEAD_SIZE)


def save_with_roles(folder: Path) -> Path:
    """A model with 0-1 for the previous token, 0-2 the same, 0-3 the first, and 1-2 for induction."""
    module = blank()
    previous_token(module, layer=0, head=1, to=slot(0))
    same_token(module, layer=0, head=2)
    first_token(module, layer=0, head=3)
    induction(module, layer=1, head=2, reads=slot(0), to=slot(1))
    predict(module, slot(1), logit=5.0)
    return save(module, folder)
