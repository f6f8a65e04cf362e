"""Tiny models on made-up sentences: training resumes where it stopped, and what it exports loads."""

import json
import shutil

import numpy as np
import pytest
import torch

from training import data
from training.counting import Neighbours, Trigram
from training.models import build
from training.probe import probe
from training.train import bert_losses, train

NAMES = ("Anna", "Ben", "Clara", "David", "Emil")
SHAPE = {"layers": 2, "heads": 2, "width": 32, "context": 128}


@pytest.fixture
def corpus(tmp_path):
    """Three books of made-up sentences, one paragraph a line, two blank lines between books."""
    random = np.random.default_rng(0)
    books = []
    for _ in range(3):
        lines = []
        for _ in range(80):
            one, other = random.choice(NAMES, 2)
            lines.append(f"{one} met {other} in the garden. {other} gave {one} a red apple! They went home.")
        books.append("\n".join(lines))
    file = tmp_path / "prose.txt"
    file.write_text("\n\n\n".join(books), encoding="utf-8")
    return file


def run(kind, corpus, out, **options):
    return train(
        kind, corpus, out, shape=SHAPE, shapes=[(8, 32), (4, 64)], vocabulary=400, compiled=False, **options
    )


@pytest.mark.whole
@pytest.mark.parametrize("kind", ["gpt2", "bert"])
def test_an_interrupted_run_goes_on_as_if_unbroken(kind, corpus, tmp_path, capsys):
    run(kind, corpus, tmp_path / "whole", steps=8)
    (tmp_path / "parts").mkdir()  # the same tokens: the WordPiece trainer breaks ties at random
    for name in ("tokenizer.json", "train.npz", "heldout.npz"):
        shutil.copy(tmp_path / "whole" / name, tmp_path / "parts" / name)
    run(kind, corpus, tmp_path / "parts", steps=8, stop=3)
    run(kind, corpus, tmp_path / "parts", steps=8)
    whole, parts = (torch.load(tmp_path / name / "checkpoint.pt") for name in ("whole", "parts"))
    assert parts["state"]["step"] == 8
    assert parts["state"]["tokens"] == whole["state"]["tokens"]
    for name, weights in whole["model"].items():
        torch.testing.assert_close(parts["model"][name], weights)


@pytest.mark.whole
def test_training_lowers_the_loss_and_the_export_loads(corpus, tmp_path, capsys):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = run("gpt2", corpus, tmp_path / "out", steps=60, repeat=0.5)
    model, missing = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not missing["missing_keys"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("Anna met Ben.")["input_ids"]
    assert ids[0] == tokenizer.bos_token_id == 0
    assert tokenizer.decode(ids[1:]) == "Anna met Ben."
    _, _, held_out = data.prepare("gpt2", corpus, tmp_path / "out")
    untrained = build("gpt2", SHAPE, model.config.vocab_size, "eager")
    model.set_attn_implementation("eager")
    assert _loss(model, held_out) < _loss(untrained, held_out) - 1


def _loss(model, held_out):
    inputs, targets = data.gpt2_windows(held_out, 8, 32, np.random.default_rng(0))
    with torch.no_grad():
        logits = model(torch.from_numpy(inputs)).logits.float()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).flatten())


def test_bert_export_loads_with_its_masked_word_head(corpus, tmp_path, capsys):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    folder = run("bert", corpus, tmp_path / "out", steps=2)
    model, missing = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not missing["missing_keys"]
    assert (folder / "model.safetensors").stat().st_size < 3 * sum(p.numel() for p in model.parameters())
    encoded = AutoTokenizer.from_pretrained(folder)("Anna met Ben.", "They went home.")
    assert encoded["token_type_ids"][0] == 0
    assert encoded["token_type_ids"][-1] == 1
    assert encoded["input_ids"][0] == data.CLS
    assert encoded["input_ids"].count(data.SEP) == 2


def test_files_hold_no_path_of_this_machine(corpus, tmp_path, capsys):
    folder = run("bert", corpus, tmp_path / "out", steps=1)
    for file in folder.glob("*.json"):
        assert str(tmp_path) not in file.read_text(encoding="utf-8")
    assert json.loads((folder / "config.json").read_text())["architectures"] == ["BertForPreTraining"]


def test_held_out_books_are_not_trained_on(corpus, tmp_path):
    corpus.with_name("SOURCES.tsv").write_text(
        "year\tauthor\ttitle\tcharacters\n1900\tA\tOne\t1\n1907\tB\tThe Secret Agent\t1\n1920\tC\tTwo\t1\n",
        encoding="utf-8",
    )
    train_books, held_out = data.split_books(corpus)
    assert (len(train_books), len(held_out)) == (2, 1)
    assert held_out[0] == data.read_books(corpus)[1]


def test_windows_stay_inside_a_book_and_begin_with_bos():
    tokens = data.Tokens(
        np.repeat(np.arange(1, 4), 50).astype(np.uint16), np.arange(0, 151, 10), np.array([0, 5, 10, 15])
    )
    inputs, targets = data.gpt2_windows(tokens, 200, 40, np.random.default_rng(0))
    assert (inputs[:, 0] == 0).all()
    assert (targets == targets[:, :1]).all()
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])


def test_a_quotation_repeats_the_windows_own_text():
    tokens = data.Tokens(np.arange(1, 1001).astype(np.uint16), np.arange(0, 1001, 10), np.array([0, 100]))
    _, targets = data.gpt2_windows(tokens, 100, 64, np.random.default_rng(0), repeat=1.0)
    for row in targets:
        again = np.flatnonzero(
            np.diff(row) != 1
        )  # the text runs on by one except where the quotation cuts in
        assert 1 <= len(again) <= 2
        assert len(set(row)) < len(row)


def test_pairs_follow_half_of_the_time_and_hide_fifteen_percent():
    random = np.random.default_rng(0)
    ids = np.arange(4000).astype(np.uint16) % 900 + 5
    tokens = data.Tokens(ids, np.arange(0, 4001, 10), np.array([0, 400]))
    batch = data.bert_pairs(tokens, 400, 64, random, 905)
    assert batch["next"].mean() == pytest.approx(0.5, abs=0.08)
    assert batch["places"].shape == (400, round(0.15 * 64))
    original = batch["input_ids"].copy()
    np.put_along_axis(original, batch["places"], batch["words"], 1)
    full = (original != data.PAD).all(1)  # a pair at a book's edge may be short
    assert full.mean() > 0.9
    for row, segments, following in zip(
        original[full], batch["token_type_ids"][full], batch["next"][full], strict=True
    ):
        middle, end = np.flatnonzero(row == data.SEP)
        assert end == 63
        np.testing.assert_array_equal(segments, np.arange(64) > middle)
        runs_on = (row[middle + 1] - 5) == (row[middle - 1] - 5 + 1) % 900
        assert runs_on or following == 1
    hidden = np.take_along_axis(batch["input_ids"], batch["places"], 1)
    assert (hidden == data.MASK).mean() == pytest.approx(0.8, abs=0.03)


def test_a_second_sentence_quotes_the_first_whether_it_follows_or_not():
    random = np.random.default_rng(0)
    tokens = data.Tokens(np.arange(5, 8005).astype(np.uint16), np.arange(0, 8001, 20), np.array([0, 400]))
    batch = data.bert_pairs(tokens, 200, 64, random, 8005, repeat=1.0)  # no word occurs twice in this book
    original = batch["input_ids"].copy()
    np.put_along_axis(original, batch["places"], batch["words"], 1)
    quoted = np.array([len(set(row[row > data.MASK])) < (row > data.MASK).sum() for row in original])
    for following in (0, 1):
        assert quoted[batch["next"] == following].mean() > 0.9


def test_a_shuffled_pair_holds_the_same_words_twice_and_asks_for_no_next_sentence():
    random = np.random.default_rng(0)
    tokens = data.Tokens(np.arange(5, 8005).astype(np.uint16), np.arange(0, 8001, 20), np.array([0, 400]))
    batch = data.bert_pairs(tokens, 200, 64, random, 8005, shuffle=1.0)
    assert (batch["next"] == data.UNASKED).all()
    original = batch["input_ids"].copy()
    np.put_along_axis(original, batch["places"], batch["words"], 1)
    in_order = np.zeros(2)
    for row, segments in zip(original, batch["token_type_ids"], strict=True):
        a, b = (row[(segments == segment) & (row > data.MASK)] for segment in (0, 1))
        assert sorted(a) == sorted(b)
        steps = [set(np.diff(part)) for part in (a, b)]
        assert steps.count({1}) == 1  # one sentence as it stood in the book, the other out of order
        in_order[steps.index({1})] += 1
    assert in_order.min() > 60  # which of the two is left to chance


def test_only_pairs_with_an_answer_count_for_the_next_sentence():
    model = build("bert", {"layers": 1, "heads": 2, "width": 16, "context": 32}, 50, "eager").eval()
    random = np.random.default_rng(0)
    tokens = data.Tokens(
        np.arange(5, 805).astype(np.uint16) % 45 + 5, np.arange(0, 801, 20), np.array([0, 40])
    )
    batch = {k: torch.from_numpy(v) for k, v in data.bert_pairs(tokens, 8, 32, random, 50).items()}
    answered = batch["next"].clone()
    batch["next"][3:] = data.UNASKED
    some = bert_losses(model, batch)[1]
    first = {name: values[:3] for name, values in batch.items()} | {"next": answered[:3]}
    torch.testing.assert_close(some, bert_losses(model, first)[1], atol=2e-3, rtol=0)  # bf16
    batch["next"][:] = data.UNASKED
    assert bert_losses(model, batch)[1] == 0  # a batch without any teaches nothing, and is no NaN


def test_trigram_probabilities_sum_to_one_and_know_what_they_saw():
    ids = np.array([1, 2, 3] * 30 + [1, 2, 4] * 10)
    trigram = Trigram(ids, 6)
    every = np.arange(6)
    for context in ((1, 2), (2, 3), (5, 5)):
        first, second = (np.full(6, each) for each in context)
        assert trigram.probability(first, second, every).sum() == pytest.approx(1)
    three, four = trigram.probability(np.full(2, 1), np.full(2, 2), np.array([3, 4]))
    assert three == pytest.approx(0.75, abs=0.05)
    assert four == pytest.approx(0.25, abs=0.05)


def test_neighbours_guess_what_stood_between_them_most_often():
    ids = np.array([5, 7, 6, 5, 7, 6, 5, 8, 6, 9, 9, 9, 9, 9])
    guesser = Neighbours(ids, 10)
    assert guesser.guess(np.array([5]), np.array([6]))[0] == 7
    assert guesser.guess(np.array([7]), np.array([0]))[0] == 6  # unknown pair: what follows 7
    assert guesser.guess(np.array([0]), np.array([0]))[0] == 9  # unknown neighbours: the most frequent


def test_the_probe_names_the_best_heads(corpus, tmp_path):
    _, _, held_out = data.prepare("gpt2", corpus, tmp_path / "out", 400)
    model = build("gpt2", SHAPE, 400, "eager")
    numbers = probe("gpt2", model, held_out)
    assert numbers["held_out"] == pytest.approx(np.log(400), abs=0.5)
    assert set(numbers) == {"held_out", "copy_losses", "previous", "first", "induction"}
