"""The address: the only place that reads or writes what stands behind the "?"."""

from __future__ import annotations

from streamlit.runtime.scriptrunner import get_script_run_ctx

# A text may be empty, as a second sentence is that somebody took away; no other choice is.
TEXTS = frozenset({"text", "pair", "target", "first", "second", "expected", "other", "watched"})


def clean() -> None:
    """Before anything else reads the address: drop every name that has nothing behind its "=".

    Streamlit would set a control to None then, also where it always has a value (1.67: pills and segmented
    controls with `required`). What is not empty, and is no choice either, the controls refuse in words.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        empty = [name for name in params if name not in TEXTS and not any(params.get_all(name))]
        for name in empty:
            params.remove_param(name)  # in the browser, too
        if empty:
            params.set_initial_query_params_from_current()  # from these the controls take their values
