"""Lessons: predict, look, switch off; and what a teacher needs."""

import streamlit as st

from attnlit.app import start
from attnlit.app.frame.router import ensure_routed

ensure_routed()
start.prepare_process()  # before the charts are imported: a cold server shows its words first

from attnlit.app.lessons import overview, place, step  # noqa: E402

here = place.here()
if here is None:
    lessons, teacher = st.tabs(["Lessons", "For teachers"])
    with lessons:
        overview.all_lessons()
    with teacher:
        overview.teacher()
else:
    step.show(here)
    overview.walk(here)
