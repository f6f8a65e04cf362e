"""Bias: two prompts that differ in one word, what that changes, and through which heads."""

import streamlit as st

from attnlit.analysis.bias import (
    attention_differences,
    averages,
    check_model,
    published_sentence,
    published_set,
)
from attnlit.app import bias, bias_panels
from attnlit.app.frame.controls import one_of
from attnlit.app.router import ask_model

choice = ask_model()
check_model(choice.model)

scope = one_of(st.segmented_control, "Show", bias.SCOPES, "scope", label_visibility="collapsed")

if scope == bias.PAIR:
    contrast, words = bias.contrast(choice.model)
    first, second = bias.records(choice.model, contrast)
    watched = bias.watched(first, second, words)
    differences = attention_differences(first, second, watched)

    st.subheader("What the model makes of it", anchor=False)
    found = bias.effects(choice.model, contrast, len(first.queries))
    if found is not None:
        three = bias_panels.pair_effects(found)
        bias_panels.continuations(found, first, second)
        bias_panels.effect_words(three)

    st.subheader("Which heads?", anchor=False)
    measure = bias.measure(found is not None)
    table = bias_panels.head_table(found, differences)
    bias_panels.which_heads(choice, table, measure, "bias", "Click a head to see it below.")
    bias_panels.two_heads(choice, first, second)
    if found is not None:
        bias_panels.layers(found)
        if paper := published_sentence(choice.model.source, contrast):
            bias_panels.published(
                paper, three, found.heads, "The same sentence, so the numbers should agree."
            )
else:
    bias_panels.about_set()
    measured = bias.set_effects(choice.model)
    if measured is not None:
        filtered = bias.filtered()
        found_set = averages(measured, expected_only=filtered)
        bias_panels.set_verdict(found_set, filtered)
        bias_panels.averages(found_set)
        hint = bias_panels.by_chance(found_set.heads)
        bias_panels.which_heads(choice, found_set.heads, "indirect", "bias_set", hint)
        if paper := published_set(choice.model.source):
            caveat = "Other sentences: compare sizes and order."
            bias_panels.published(paper, found_set.table, found_set.heads, caveat)
        bias_panels.set_tables(measured)

bias.link(choice)
bias_panels.limits()
