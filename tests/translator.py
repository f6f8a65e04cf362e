"""A tiny M2M-100, which must be told between which languages it translates."""

from __future__ import annotations

import json
from pathlib import Path

import sentencepiece
import transformers

from tests import tiny

SIZES = {
    "d_model": tiny.WIDTH, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": tiny.HEADS,
    "decoder_attention_heads": tiny.HEADS, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
    "max_position_embeddings": tiny.POSITIONS, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    "decoder_start_token_id": 2,
}  # fmt: skip


def save(folder: Path) -> Path:
    """As its checkpoints are: a source language by default, and no target language."""
    (folder / "text.txt").write_text("\n".join(tiny.SENTENCES * 40))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text.txt"), model_prefix=str(folder / "pieces"), vocab_size=120,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "pieces.model"))
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    words = dict.fromkeys(
        ["<s>", "<pad>", "</s>", "<unk>", *pieces, *(f"▁word{each}" for each in range(400))]
    )
    (folder / "words.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    files = (str(folder / "words.json"), str(folder / "pieces.model"))
    tokenizer = transformers.M2M100Tokenizer(*files, model_max_length=tiny.POSITIONS)
    tokenizer.save_pretrained(folder / "model")
    count = max(tokenizer.lang_code_to_id.values()) + 9
    tiny.build("M2M100ForConditionalGeneration", SIZES, count).save_pretrained(folder / "model")
    return folder / "model"
