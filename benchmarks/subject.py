"""What both tools are shown: a base-size model and texts of exactly so many tokens; and on which machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Lewis Carroll, Alice's Adventures in Wonderland (1865), without its punctuation: one word, one token.
PASSAGE = """
Alice was beginning to get very tired of sitting by her sister on the bank and of having nothing to do once
or twice she had peeped into the book her sister was reading but it had no pictures or conversations in it
and what is the use of a book thought Alice without pictures or conversations So she was considering in her
own mind as well as she could for the hot day made her feel very sleepy and stupid whether the pleasure of
making a daisy chain would be worth the trouble of getting up and picking the daisies when suddenly a White
Rabbit with pink eyes ran close by her There was nothing so very remarkable in that nor did Alice think it
so very much out of the way to hear the Rabbit say to itself Oh dear Oh dear I shall be late
""".lower().split()


def save_random_model(folder: Path, seed: int = 0) -> Path:
    """A BERT of base size (12 layers of 12 heads, 768 wide) with random weights and the passage's words.

    Its queries and keys are drawn wider than usual, 0.06 instead of 0.02, so that attention is far from
    uniform in every layer, as it is in a trained model.
    """
    import torch
    from transformers import BertConfig, BertForMaskedLM

    tokenizer = tokenizer_of_words()
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer)))
        with torch.no_grad():
            for name, weights in model.named_parameters():
                if name.endswith(("query.weight", "key.weight")):
                    weights.normal_(std=0.06)
    model.save_pretrained(folder)
    return folder


def tokenizer_of_words() -> Any:
    """A word-level tokenizer of the passage, with the marks of a BERT."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    words = [*names.values(), *sorted(set(PASSAGE))]
    tokenizer = Tokenizer(
        models.WordPiece({word: place for place, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(name, words.index(name)) for name in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **names)


def text_of(tokenizer: Any, tokens: int, start: int = 0) -> str:
    """As much of the passage, read round and round from its word `start` on, as fits into so many tokens."""
    words: list[str] = []
    text = ""
    while len(tokenizer(text)["input_ids"]) < tokens:
        words.append(PASSAGE[(start + len(words)) % len(PASSAGE)])
        text = " ".join(words)
    return text if len(tokenizer(text)["input_ids"]) == tokens else " ".join(words[:-1])


def machine() -> str:
    """Processor, cores and load: asked before measurements begin, so that the load is other people's."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    busy = os.getloadavg()[0]
    name = names[0] if names else "unknown processor"
    return f"{name}, {os.cpu_count()} cores (load {busy:.1f} before the run)"
