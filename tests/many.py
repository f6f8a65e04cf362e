"""Tiny random models of many more architectures than `tests.tiny` saves: built here, never written to disk.

For what must hold whatever the architecture; each is built and proven when a test first asks for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from attnlit.attention.proof import prove
from attnlit.models.model import Checkpoint, Model
from tests import tiny

_IDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
PLAIN: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    **_IDS,
}
GROUPED = {**PLAIN, "num_key_value_heads": 2}
_WIDE = {**GROUPED, "head_dim": 8}
_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
_OPT = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "ffn_dim": 48,
    "max_position_embeddings": 64,
    "word_embed_proj_dim": 32,
    **_IDS,
}
TRANSLATOR = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
}
_BART = {
    **TRANSLATOR,
    "max_position_embeddings": 64,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
    **_IDS,
}
_T5 = {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 4,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
}
_LINEAR = {
    "num_hidden_layers": 4,
    "linear_num_value_heads": 2,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}

# Architecture -> (class of the model, names of its configuration).
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    # Masked, normed after each layer, or before.
    "bert": ("BertForMaskedLM", PLAIN),
    "roberta": ("RobertaForMaskedLM", PLAIN),
    "modernbert": ("ModernBertForMaskedLM", {**PLAIN, "cls_token_id": 1, "sep_token_id": 2}),
    "mpnet": ("MPNetForMaskedLM", PLAIN),
    "deberta": (
        "DebertaForMaskedLM",
        {**PLAIN, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    ),
    "esm": ("EsmForMaskedLM", PLAIN),
    "xlm": ("XLMWithLMHeadModel", {"emb_dim": 32, "n_layers": 2, "n_heads": 4}),
    # The families of GPT.
    "gpt2": ("GPT2LMHeadModel", _GPT),
    "openai-gpt": ("OpenAIGPTLMHeadModel", _GPT),
    "ctrl": ("CTRLLMHeadModel", {**_GPT, "dff": 48}),
    "gpt-neox": ("GPTNeoXForCausalLM", PLAIN),
    "gptj": ("GPTJForCausalLM", {**_GPT, "rotary_dim": 4}),
    "gpt-bigcode": ("GPTBigCodeForCausalLM", _GPT),
    "opt": ("OPTForCausalLM", _OPT),
    "opt-after": ("OPTForCausalLM", {**_OPT, "word_embed_proj_dim": 16, "do_layer_norm_before": False}),
    "bloom": ("BloomForCausalLM", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "mpt": ("MptForCausalLM", {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 64}),
    # The families of Llama.
    "llama": ("LlamaForCausalLM", GROUPED),
    "qwen2": ("Qwen2ForCausalLM", GROUPED),
    "qwen3": ("Qwen3ForCausalLM", _WIDE),
    "qwen2-moe": (
        "Qwen2MoeForCausalLM",
        {
            **GROUPED,
            "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 16,
            "num_experts": 4,
            "num_experts_per_tok": 2,
        },
    ),
    "gemma": ("GemmaForCausalLM", _WIDE),
    "gemma2": ("Gemma2ForCausalLM", {**_WIDE, "sliding_window": 4, "query_pre_attn_scalar": 8}),
    "gemma3": ("Gemma3ForCausalLM", {**_WIDE, "sliding_window": 4, "query_pre_attn_scalar": 8}),
    "phi": ("PhiForCausalLM", PLAIN),
    "phi3": ("Phi3ForCausalLM", {**GROUPED, "original_max_position_embeddings": 64}),
    "olmo2": ("Olmo2ForCausalLM", GROUPED),
    "granite": (
        "GraniteForCausalLM",
        {**GROUPED, "residual_multiplier": 0.22, "logits_scaling": 8.0, "embedding_multiplier": 12.0},
    ),
    "cohere": ("CohereForCausalLM", GROUPED),
    "stablelm": ("StableLmForCausalLM", GROUPED),
    "nemotron": ("NemotronForCausalLM", GROUPED),
    "bitnet": ("BitNetForCausalLM", GROUPED),
    "glm4": ("Glm4ForCausalLM", _WIDE),
    "llama4": (
        "Llama4ForCausalLM",
        {**_WIDE, "num_local_experts": 2, "intermediate_size_mlp": 48, "attention_chunk_size": 16},
    ),
    "gpt-oss": (
        "GptOssForCausalLM",
        {**_WIDE, "num_local_experts": 2, "num_experts_per_tok": 1, "sliding_window": 4},
    ),
    # Values narrower than queries and keys.
    "deepseek-v3": (
        "DeepseekV3ForCausalLM",
        {
            **PLAIN,
            "num_key_value_heads": 4,
            "q_lora_rank": 16,
            "kv_lora_rank": 16,
            "qk_nope_head_dim": 8,
            "qk_rope_head_dim": 4,
            "v_head_dim": 8,
            "n_routed_experts": 4,
            "n_group": 2,
            "topk_group": 1,
            "num_experts_per_tok": 2,
            "first_k_dense_replace": 1,
            "moe_intermediate_size": 16,
        },
    ),
    # Layers without attention, or with a gate behind it.
    "qwen3.5": ("Qwen3_5ForCausalLM", {**_WIDE, **_LINEAR}),
    "lfm2": ("Lfm2ForCausalLM", {**GROUPED, "layer_types": ["conv", "full_attention"]}),
    "jamba": (
        "JambaForCausalLM",
        {
            **GROUPED,
            "num_hidden_layers": 4,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "num_experts": 2,
            "num_experts_per_tok": 1,
            "mamba_d_state": 4,
            "mamba_dt_rank": 4,
            "use_mamba_kernels": False,
        },
    ),
    "minimax": (
        "MiniMaxForCausalLM",
        {
            **_WIDE,
            "num_hidden_layers": 4,
            "layer_types": ["linear_attention", "full_attention"] * 2,
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "block_size": 4,
        },
    ),
    # Encoder and decoder.
    "t5": ("T5ForConditionalGeneration", _T5),
    "bart": ("BartForConditionalGeneration", _BART),
    "mbart": ("MBartForConditionalGeneration", _BART),
    # With an encoder that sees windows and blocks.
    "led": (
        "LEDForConditionalGeneration",
        {
            **_BART,
            "attention_window": 4,
            "max_encoder_position_embeddings": 64,
            "max_decoder_position_embeddings": 64,
        },
    ),
    "longt5": ("LongT5ForConditionalGeneration", {**_T5, "local_radius": 3}),
    # Heads' output that is bent or mixed before it is projected, or quantised while it is.
    "diffllama": ("DiffLlamaForCausalLM", GROUPED),
    "convbert": ("ConvBertForMaskedLM", PLAIN),
    "ibert": ("IBertForMaskedLM", PLAIN),
}
NOT_WHOLE = ("diffllama", "convbert", "ibert")  # whose heads' parts cannot be told apart
GATED = ("bitnet", "qwen3.5")


@cache
def model(architecture: str) -> Model:
    """A tiny model of this architecture, proven as a loaded one is. Its tokenizer is BERT's kind."""
    return prove(checkpoint(architecture, *ARCHITECTURES[architecture]))


def checkpoint(architecture: str, kind: str, options: dict[str, Any]) -> Checkpoint:
    """A tiny model of a class of transformers, before its attention has been looked at."""
    tokenizer = _tokenizer()
    module = tiny.build(kind, options, len(tokenizer)).requires_grad_(False)
    module.config.use_cache = False
    return Checkpoint(
        name=architecture,
        source=architecture,
        identity=architecture,
        module=module,
        tokenizer=tokenizer,
        max_tokens=64,
        masked="MaskedLM" in kind or "WithLMHead" in kind,
        predicts=True,
    )


@cache
def _tokenizer() -> Any:
    return tiny.wordpiece()
