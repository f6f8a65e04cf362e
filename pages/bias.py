"""Bias: two prompts that differ in one word, what that changes, and through which heads."""

import streamlit as st

from attnlit.analysis.bias import (
    TEMPLATES,
    attention_differences,
    averages,
    check_model,
    published_sentence,
    published_set,
)
from attnlit.app import question_code as code
from attnlit.app import say
from attnlit.app.bias import ask, effects, measure, pair, sentences
from attnlit.app.frame.controls import one_of
from attnlit.app.frame.router import ask_model
from attnlit.wording import quoted
from attnlit.words.bias import by_chance

choice = ask_model()
check_model(choice.model)

snippets, drawn, about = [], {}, ""
texts: tuple[str, ...] = ()
scope = one_of(st.segmented_control, "Show", ask.SCOPES, "scope", label_visibility="collapsed")

if scope == ask.PAIR:
    contrast, words, note = ask.contrast(choice.model)
    first, second = measure.records(choice.model, contrast)
    pair.prompts(first, second)
    watched = ask.watched(first, second, words)
    differences = attention_differences(first, second, watched)
    found = measure.effects(choice.model, contrast, len(first.queries))
    table = effects.head_table(found, differences)
    picture, words_beside = st.columns(2)
    with picture:
        number = ask.measure(found is not None)
        drawn = effects.head_map(choice, table, number, "bias", "Click a head to see it below.")
    with words_beside:
        if found is not None:
            pair.continuations(found, first, second)
        if note:
            say.quiet(note)
    if found is not None:
        three = effects.pair_effects(found)
        effects.effect_words(three)
    about = f"{quoted(contrast.other)} against {quoted(contrast.expected)}"
    texts = (contrast.first, contrast.second)
    snippets.append(code.bias_pair(choice.model, contrast, number, drawn, watched))
    pair.two_heads(choice, first, second)
    effects.head_list(table, number, "bias")
    if found is not None:
        pair.layers(found)
        if paper := published_sentence(choice.model.source, contrast):
            effects.published(paper, three, found.heads, "The same sentence, so the numbers should agree.")
else:
    sentences.about_set()
    measured = measure.set_effects(choice.model)
    if measured is not None:
        filtered = ask.filtered()
        found_set = averages(measured, expected_only=filtered)
        picture, words_beside = st.columns(2)
        with picture:
            st.markdown("**Which heads?**")
            hint = by_chance(found_set.heads)
            drawn = effects.head_map(choice, found_set.heads, "indirect", "bias_set", hint)
        with words_beside:
            sentences.set_verdict(found_set, filtered)
        sentences.averages(found_set)
        effects.head_list(found_set.heads, "indirect", "bias_set")
        about = f"mean over {len(TEMPLATES)} sentences"
        snippets.append(code.bias_set(choice.model, drawn, expected_only=filtered))
        if paper := published_set(choice.model.source):
            caveat = "Other sentences: compare sizes and order."
            effects.published(paper, found_set.table, found_set.heads, caveat)
        sentences.set_tables(measured)

ask.menus(choice, drawn, snippets, about, texts)
effects.limits()
