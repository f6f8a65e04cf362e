"""Chat templates as models carry them, or in their manner, and tiny tokenizers that know their marks."""

# ruff: noqa: E501 - templates as they are

from __future__ import annotations

from typing import Any

from tokenizers import AddedToken, decoders

from tests import tiny

# Qwen3: ChatML, the thinking of earlier turns left out. As in the model, without its part about tools.
QWEN = """\
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

# Plain ChatML as many fine-tuned models have it; keeps what was thought.
CHATML = """\
{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful assistant.<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

# Llama 3: every content is trimmed, and the text begins with its own mark.
LLAMA = """\
{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>

'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>

' }}{% endif %}"""

# Mistral 7B: no role for the system; its words stand before those of the user.
MISTRAL = """\
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('After the optional system message, conversation roles must alternate user/assistant/user/assistant/...') }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- " [INST] " + system_message + "\\n\\n" + message["content"] + " [/INST]" }}
        {%- else %}
            {{- " [INST] " + message["content"] + " [/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}"""

# Gemma 2: refuses a system message, and calls the assistant “model”.
GEMMA = """\
{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}"""

# Zephyr, whose marks Phi 3 has, too.
ZEPHYR = """\
{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

# In the manner of DeepSeek R1: the system's words stand bare, what was thought in earlier turns is cut away,
# and the thinking of the answer is opened.
DEEPSEEK = """\
{{ bos_token }}{% for message in messages if message.role == 'system' %}{{ message.content }}{% endfor %}
{%- for message in messages %}
{%- if message.role == 'user' %}<｜User｜>{{ message.content }}
{%- elif message.role == 'assistant' %}<｜Assistant｜>{{ message.content.split('</think>')[-1] }}{{ eos_token }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}<｜Assistant｜><think>
{% endif %}"""

# In the manner of gpt-oss: a system message of its own with today's date, the conversation's under another
# name, and thinking in a channel that earlier turns lose.
HARMONY = """\
<|start|>system<|message|>You are a language model.
Current date: {{ strftime_now('%Y-%m-%d') }}<|end|>
{%- for message in messages %}
{%- if message.role == 'system' %}<|start|>developer<|message|># Instructions

{{ message.content }}<|end|>
{%- elif message.role == 'user' %}<|start|>user<|message|>{{ message.content }}<|end|>
{%- else %}
{%- if '<|channel|>' in message.content %}{{ raise_exception('Give what was thought beside the content.') }}{% endif %}
{%- if loop.last and message.thinking %}<|start|>assistant<|channel|>analysis<|message|>{{ message.thinking }}<|end|>{% endif %}
{{- '<|start|>assistant<|channel|>final<|message|>' + message.content }}<|end|>
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|start|>assistant{% endif %}"""

# In the manner of Llama 2: the system's words stand inside the first message of the user.
LLAMA2 = """\
{%- if messages[0].role == 'system' %}
{%- set told, turns = '<<SYS>>\\n' + messages[0].content.strip() + '\\n<</SYS>>\\n\\n', messages[1:] %}
{%- else %}
{%- set told, turns = '', messages %}
{%- endif %}
{%- for message in turns %}
{%- if message.role == 'user' %}
{{- bos_token + '[INST] ' + (told if loop.first else '') + message.content.strip() + ' [/INST]' }}
{%- else %}
{{- ' ' + message.content.strip() + ' ' + eos_token }}
{%- endif %}
{%- endfor %}"""

# Family -> (template, its marks, whether it takes a system message).
FAMILIES: dict[str, tuple[str, list[str], bool]] = {
    "qwen": (QWEN, ["<|im_start|>", "<|im_end|>"], True),
    "chatml": (CHATML, ["<|im_start|>", "<|im_end|>"], True),
    "llama": (LLAMA, ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], True),
    "mistral": (MISTRAL, ["[INST]", "[/INST]"], True),
    "gemma": (GEMMA, ["<start_of_turn>", "<end_of_turn>"], False),
    "deepseek": (DEEPSEEK, ["<｜User｜>", "<｜Assistant｜>"], True),
    "harmony": (HARMONY, ["<|start|>", "<|message|>", "<|channel|>", "<|end|>"], True),
    "llama2": (LLAMA2, ["[INST]", "[/INST]"], True),
    "zephyr": (ZEPHYR, ["<|user|>", "<|system|>", "<|assistant|>"], True),
}


FORGET = {"qwen", "deepseek"}  # what was thought in earlier turns, where it stands in what was said


def tokenizer_of(family: str) -> Any:
    """A tiny tokenizer with this family's template; pieces as SentencePiece or GPT-2 makes them."""
    template, marks, _ = FAMILIES[family]
    if family in ("mistral", "gemma", "llama2"):
        tokenizer = tiny.unigram(start=True)
        parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        tokenizer.backend_tokenizer.decoder = decoders.Sequence(parts)
    else:
        tokenizer = tiny.byte_level()
    tokenizer.model_max_length = 256
    tokenizer.add_special_tokens({"extra_special_tokens": marks})
    if family in ("qwen", "chatml", "deepseek"):  # ordinary words of the vocabulary, as in Qwen3
        tokenizer.add_tokens([AddedToken(each, special=False) for each in ("<think>", "</think>")])
    tokenizer.chat_template = template
    return tokenizer
