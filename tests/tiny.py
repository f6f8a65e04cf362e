"""Tiny random models and tokenizers of many architectures, made here and saved as users' folders are.

Random weights are drawn wider than usual, so that attention is far from uniform and mistakes show, but not so
wide that scores reach the hundreds, where rounding shows too. Vocabularies and weights are the same in every
process and on every machine: the trainers of WordPiece and Unigram choose between equals by chance, and torch
draws other numbers on other processors.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SENTENCES = [
    "The cat sat on the mat.",
    "The dog lay on the rug, because it was tired.",
    "A doctor asked the nurse a question; she answered at once.",
    "When the time travellers came home, nobody believed them.",
    "Der Hund schlief auf dem Teppich!",
]
WIDTH, HEADS, LAYERS, POSITIONS = 32, 4, 3, 64


def wordpiece() -> Any:
    """As BERT: lower case, ## on inner pieces, [CLS] A [SEP] B [SEP]."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = re.findall(r"\w+|[^\w\s]", " ".join(SENTENCES).lower())
    inner = [f"##{piece}" for piece in _frequent_pieces(word[1:] for word in words)]
    whole = sorted(word for word in words if len(word) <= 5)
    pieces = dict.fromkeys([*special, *_frequent_pieces(words), *inner, *whole])
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = dict(
        zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True)
    )
    return _wrapped(tokenizer, ["input_ids", "token_type_ids", "attention_mask"], **names)


def byte_level(*, pairs: bool = False) -> Any:
    """As GPT-2: bytes, the space before a word is part of it. `pairs`: as RoBERTa, <s> A </s></s> B </s>."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if pairs else ["<|endoftext|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, show_progress=False, initial_alphabet=alphabet
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    if pairs:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True)
        names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
        names |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    else:
        names = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    return _wrapped(tokenizer, **names)


def unigram(*, start: bool = False, byte_fallback: bool = True) -> Any:
    """As SentencePiece: ▁ before words, </s> at the end (T5), or with `start` <bos> before (Gemma)."""
    special = ["<pad>", "</s>", "<unk>", "<bos>"]
    counts = _frequent_pieces(f"▁{word}" for word in " ".join(SENTENCES).split())
    known = [(piece, 0.0) for piece in special]
    known += [(piece, math.log(count / counts.total())) for piece, count in counts.items()]
    if byte_fallback:
        known += [(f"<0x{byte:02X}>", -20.0) for byte in range(256)]
    tokenizer = Tokenizer(models.Unigram(known, unk_id=2, byte_fallback=byte_fallback))
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    single, both = ("<bos> $A", "<bos> $A $B") if start else ("$A </s>", "$A </s> $B </s>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, pair=both, special_tokens=[("</s>", 1), ("<bos>", 3)]
    )
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return _wrapped(tokenizer, **(names | ({"bos_token": "<bos>"} if start else {})))


def _frequent_pieces(words: Iterable[str]) -> Counter[str]:
    """How often each letter, and each run of up to five letters that occurs twice, stands in these words."""
    pieces = Counter(
        word[start:end]
        for word in words
        for start in range(len(word))
        for end in range(start + 1, min(start + 5, len(word)) + 1)
    )
    kept = {piece: count for piece, count in sorted(pieces.items()) if count > 1 or len(piece) == 1}
    return Counter(kept)


def _wrapped(tokenizer: Tokenizer, inputs: list[str] | None = None, **names: str) -> Any:
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=inputs or ["input_ids", "attention_mask"],
        model_max_length=POSITIONS,
        **names,
    )


# Architecture -> (class of the model, names of its configuration, tokenizer).
_BERT = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": 64,
    "max_position_embeddings": POSITIONS,
}
_POSITIONS = {"max_position_embeddings": POSITIONS}
_GROUPED = {**_BERT, "num_key_value_heads": 2}
_BART = {
    "d_model": WIDTH,
    "encoder_layers": LAYERS,
    "decoder_layers": LAYERS,
    "encoder_attention_heads": HEADS,
    "decoder_attention_heads": HEADS,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": POSITIONS,
}
_ROBERTA_IDS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
_T5_IDS = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}

ARCHITECTURES: dict[str, tuple[str, dict[str, Any], Callable[[], Any]]] = {
    "bert": ("BertForMaskedLM", _BERT, wordpiece),
    "roberta": (
        "RobertaForMaskedLM",
        {**_BERT, **_ROBERTA_IDS, "max_position_embeddings": POSITIONS + 2, "type_vocab_size": 1},
        lambda: byte_level(pairs=True),
    ),
    "distilbert": (
        "DistilBertForMaskedLM",
        {"dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": 64, **_POSITIONS},
        wordpiece,
    ),
    "albert": ("AlbertForMaskedLM", {**_BERT, "embedding_size": 16}, wordpiece),
    "electra": ("ElectraForMaskedLM", {**_BERT, "embedding_size": 16}, wordpiece),
    "deberta-v2": (
        "DebertaV2ForMaskedLM",
        {**_BERT, "relative_attention": True, "position_buckets": 8, "pos_att_type": ["p2c", "c2p"]},
        wordpiece,
    ),
    "gpt2": (
        "GPT2LMHeadModel",
        {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_positions": POSITIONS},
        byte_level,
    ),
    "gpt-neox": ("GPTNeoXForCausalLM", _BERT, byte_level),
    "llama": ("LlamaForCausalLM", _GROUPED, byte_level),
    "gemma2": (
        "Gemma2ForCausalLM",
        {**_GROUPED, "head_dim": 8, "sliding_window": 4, "attn_logit_softcapping": 2.0},
        lambda: unigram(start=True),
    ),
    "gpt-oss": (
        "GptOssForCausalLM",
        {**_GROUPED, "head_dim": 8, "num_local_experts": 2, "num_experts_per_tok": 1, "sliding_window": 4},
        byte_level,
    ),
    "gpt-neo": (
        "GPTNeoForCausalLM",
        {
            "hidden_size": WIDTH,
            "num_layers": 2,
            "num_heads": HEADS,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 4,
            "max_position_embeddings": POSITIONS,
        },
        byte_level,
    ),
    "bloom": ("BloomForCausalLM", {"hidden_size": WIDTH, "n_layer": LAYERS, "n_head": HEADS}, byte_level),
    "t5": (
        "T5ForConditionalGeneration",
        {"d_model": WIDTH, "d_kv": 8, "d_ff": 64, "num_layers": LAYERS, "num_heads": HEADS, **_T5_IDS},
        unigram,
    ),
    "bart": (
        "BartForConditionalGeneration",
        {**_BART, **_ROBERTA_IDS, "decoder_start_token_id": 2},
        lambda: byte_level(pairs=True),
    ),
    "marian": (
        "MarianMTModel",
        {**_BART, **_T5_IDS, "forced_eos_token_id": None, "scale_embedding": True},
        lambda: unigram(byte_fallback=False),
    ),
}


def save(architecture: str, folder: Path, *, seed: int = 0) -> Path:
    """Saves a tiny random model with its tokenizer into `folder`, as safetensors."""
    kind, options, make_tokenizer = ARCHITECTURES[architecture]
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    build(kind, options, len(tokenizer), seed).save_pretrained(folder)
    return folder


def build(kind: str, options: dict[str, Any], words: int, seed: int = 0) -> Any:
    """A model of a class of transformers, with random weights."""
    model_class = getattr(transformers, kind)
    config = model_class.config_class(vocab_size=words, **options)
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # for what is not replaced below: the decays of a linear attention, say
        model = model_class(config)
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            wide = 0.25 if weights.dim() > 1 else 0.2 if "bias" in name or "sink" in name else None
            if wide is not None:
                weights.copy_(torch.from_numpy(random.normal(0, wide, tuple(weights.shape))))
    model.tie_weights()
    return model.eval()
