"""The entry: `streamlit run streamlit_app.py`."""

from attnlit.app.frame.router import run

run()
