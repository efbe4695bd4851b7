"""Runs the app: ``streamlit run streamlit_app.py``."""

from sentiment.app.main import main

main()
