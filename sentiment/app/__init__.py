"""The web app: a package for each page, and ``shared`` for what several pages use. The only part with Streamlit."""
