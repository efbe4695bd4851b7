"""The web app: one module a page, over what ``serving`` loads; the only part that imports Streamlit."""
