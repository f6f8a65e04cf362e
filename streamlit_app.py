"""The entry: `streamlit run streamlit_app.py`."""

from attnlit.app.router import run

run()
