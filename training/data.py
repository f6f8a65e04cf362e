"""The corpus as token ids: books, tokenizers, and the windows and pairs that the models train on.

Tokenising 142 million characters takes a minute, so it is done once and kept beside the checkpoints.
"""

import lzma
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

VOCABULARY = 8192
BOS = "<|endoftext|>"
BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
UNASKED = -100  # a pair without a next-sentence answer: cross_entropy leaves it out

# Whole books by six authors, never trained on: titles as SOURCES.tsv (beside the corpus) spells them.
HELD_OUT = (
    "The Railway Children",
    "The Secret Agent",
    "Moonfleet",
    "My Ántonia",
    "Crome Yellow",
    "The Secret Adversary",
)

# A sentence ends at . ! or ? (and a closing quote), a space, and something that can begin a sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'A-Z(])|(?<=[.!?][\"'])\s+(?=[\"'A-Z(])")


@dataclass
class Tokens:
    """One part (training or held-out) of the corpus.

    ids: uint16 (tokens,), all books in a row. starts: int64 (units + 1,), where each unit begins;
    a unit is a paragraph for GPT-2 and a sentence for BERT. books: int64 (books + 1,), indices into
    `starts`, so that no window crosses from one book into the next.
    """

    ids: np.ndarray
    starts: np.ndarray
    books: np.ndarray


def read_books(corpus: Path) -> list[list[str]]:
    """Books as lists of paragraphs. The file has one paragraph a line, two blank lines between books."""
    opener = lzma.open if corpus.suffix == ".xz" else open
    with opener(corpus, "rt", encoding="utf-8") as file:
        text = file.read()
    books = ([line for line in book.split("\n") if line.strip()] for book in text.split("\n\n\n"))
    return [book for book in books if book]


def split_books(corpus: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Training and held-out books; without a SOURCES.tsv beside the corpus the last book is held out."""
    books = read_books(corpus)
    sources = corpus.with_name("SOURCES.tsv")
    if sources.exists():
        titles = [row.split("\t")[2] for row in sources.read_text(encoding="utf-8").splitlines()[1:]]
        if len(titles) != len(books):
            raise ValueError(f"SOURCES.tsv names {len(titles)} books, the corpus holds {len(books)}.")
        held = [title in HELD_OUT for title in titles]
    else:
        held = [i == len(books) - 1 for i in range(len(books))]
    return (
        [b for b, out in zip(books, held, strict=True) if not out],
        [b for b, out in zip(books, held, strict=True) if out],
    )


def train_gpt2_tokenizer(books: list[list[str]], vocabulary: int = VOCABULARY) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[BOS],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(("\n".join(book) for book in books), trainer)
    # Every text begins with BOS, in use as in training: the first token is where idle heads park.
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return tokenizer


def train_bert_tokenizer(books: list[list[str]], vocabulary: int = VOCABULARY) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=BERT_SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator(("\n".join(book) for book in books), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    return tokenizer


def tokenise(kind: str, tokenizer: Tokenizer, books: list[list[str]]) -> Tokens:
    ids: list[np.ndarray] = []
    lengths: list[int] = []
    counts = [0]
    for book in books:
        if kind == "gpt2":  # the line end belongs to the paragraph before it
            units = [paragraph + "\n" for paragraph in book]
        else:
            units = [sentence for paragraph in book for sentence in _SENTENCE_END.split(paragraph)]
        encoded = [e.ids for e in tokenizer.encode_batch_fast(units, add_special_tokens=False)]
        encoded = [e for e in encoded if e]
        ids.append(np.fromiter((i for e in encoded for i in e), np.uint16))
        lengths.extend(len(e) for e in encoded)
        counts.append(len(lengths))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Tokens(np.concatenate(ids), starts, np.array(counts, np.int64))


def prepare(
    kind: str,
    corpus: Path,
    folder: Path,
    vocabulary: int = VOCABULARY,
) -> tuple[Tokenizer, Tokens, Tokens]:
    """Tokenizer, training tokens, held-out tokens; made once, then read from `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "heldout.npz"
    if not done.exists():
        for_training, for_test = split_books(corpus)
        make = train_gpt2_tokenizer if kind == "gpt2" else train_bert_tokenizer
        tokenizer = make(for_training, vocabulary)
        tokenizer.save(str(folder / "tokenizer.json"))
        for name, books in (("train", for_training), ("heldout", for_test)):  # the last file says "complete"
            tokens = tokenise(kind, tokenizer, books)
            np.savez(folder / f"{name}.part.npz", **vars(tokens))
            (folder / f"{name}.part.npz").rename(folder / f"{name}.npz")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    train, held_out = (Tokens(**np.load(folder / f"{name}.npz")) for name in ("train", "heldout"))
    return tokenizer, train, held_out


def gpt2_windows(
    tokens: Tokens,
    count: int,
    length: int,
    random: np.random.Generator,
    repeat: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets, int64 (count, length): BOS and text, and the same text one place earlier.

    Half of the windows begin with a paragraph, as a user's text does. In a share `repeat` of them a
    passage of the window's own text stands a second time further on, as in a quotation.
    """
    starts = random.integers(0, len(tokens.ids) - length, count)
    snapped = tokens.starts[np.searchsorted(tokens.starts, starts, "right") - 1]
    starts = np.where(random.random(count) < 0.5, snapped, starts)
    ends = tokens.starts[tokens.books]
    last = ends[np.searchsorted(ends, starts, "right")] - length  # stay inside the book
    starts = np.maximum(np.minimum(starts, last), 0)
    text = tokens.ids[starts[:, None] + np.arange(length)].astype(np.int64)
    for row in np.flatnonzero(random.random(count) < repeat):
        size = int(random.integers(length // 16, length // 2))
        source = int(random.integers(0, length - 2 * size + 1))
        target = int(random.integers(source + size, length - size + 1))
        text[row, target : target + size] = text[row, source : source + size]
    return np.concatenate([np.zeros((count, 1), np.int64), text[:, :-1]], 1), text


def bert_pairs(
    tokens: Tokens,
    count: int,
    length: int,
    random: np.random.Generator,
    vocabulary: int,
    repeat: float = 0.0,
    shuffle: float = 0.0,
    masked: float = 0.15,
) -> dict[str, np.ndarray]:
    """Pairs `[CLS] A [SEP] B [SEP]` of exactly `length` tokens, half of them consecutive text.

    A ends and B begins with a sentence. In half of the pairs B is cut to fit at its end, in the other
    half A at its beginning, so that no padding is needed and the cut says nothing about the answer.
    In a share `repeat` of the pairs, whether B follows or not, B quotes a passage of A, as a reply quotes a
    question: a word that is masked in one sentence can then be found in the other.
    In a share `shuffle` of the pairs one sentence holds the words of the other in a random order: a masked
    word is then one of those that the other sentence has and this one lacks.
    Gives input_ids, token_type_ids (count, length), next (count,): 0 where B follows A, 1 where it does
    not, as in BERT, and UNASKED in a shuffled pair; places and words (count, masked): the share `masked`,
    to be predicted.
    """
    ids = np.empty((count, length), np.int64)
    segments = np.zeros((count, length), np.int64)
    follows = np.zeros(count, np.int64)
    room = length - 3
    ends = tokens.starts[tokens.books]
    for row in range(count):
        unit = int(random.integers(1, len(tokens.starts) - 1))
        boundary = int(tokens.starts[unit])  # A ends here
        book = int(np.searchsorted(ends, boundary, "right"))
        begin = boundary  # B begins here
        if random.random() < 0.5 or boundary == ends[book - 1]:  # a book's first sentence follows nothing
            follows[row] = 1
            begin = int(tokens.starts[random.integers(1, len(tokens.starts) - 1)])
        wanted = int(random.integers(room // 4, room - room // 4 + 1))  # tokens of the part left whole
        if random.random() < 0.5:
            whole = boundary - int(tokens.starts[np.searchsorted(tokens.starts, boundary - wanted)])
        else:
            whole = (
                int(tokens.starts[int(np.searchsorted(tokens.starts, begin + wanted, "right")) - 1]) - begin
            )
            whole = room - (whole if whole >= 3 else wanted)
        size_a = min(whole if whole >= 3 else wanted, room - 3)
        size_b = room - size_a
        a = tokens.ids[max(boundary - size_a, int(ends[book - 1])) : boundary]
        b = tokens.ids[begin : begin + size_b]
        shorter = min(len(a), len(b))
        if shorter > 4 and random.random() < repeat:
            size = int(random.integers(max(4, shorter // 3), shorter))
            source, target = (int(random.integers(0, len(part) - size + 1)) for part in (a, b))
            b = np.concatenate([b[:target], a[source : source + size], b[target + size :]])
        if random.random() < shuffle:
            follows[row] = UNASKED
            text = (a if len(a) > len(b) else b)[: room // 2]
            a, b = text, random.permutation(text)
            if random.random() < 0.5:
                a, b = b, a
        ids[row] = PAD
        ids[row, : len(a) + len(b) + 3] = np.concatenate([[CLS], a, [SEP], b, [SEP]])
        segments[row, len(a) + 2 : len(a) + len(b) + 3] = 1
    count_masked = max(1, round(masked * length))
    lottery = random.random((count, length)) + 2.0 * (ids < len(BERT_SPECIAL))
    places = np.sort(np.argsort(lottery, 1)[:, :count_masked], 1)
    words = np.take_along_axis(ids, places, 1)
    dice = random.random(places.shape)
    shown = np.where(dice < 0.8, MASK, words)
    shown = np.where(dice > 0.9, random.integers(len(BERT_SPECIAL), vocabulary, places.shape), shown)
    np.put_along_axis(ids, places, shown, 1)
    return {"input_ids": ids, "token_type_ids": segments, "next": follows, "places": places, "words": words}
