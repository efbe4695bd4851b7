"""The front door: page config, login where it is on, and navigation."""

import streamlit as st

from sentiment.app import login, navigation, serving, upkeep

st.set_page_config(
    page_title="Review sentiment",
    page_icon=navigation.ICON,  # a file of our own: a named icon would be fetched from elsewhere
    layout="wide",
    menu_items={
        "About": "Reads movie reviews with an LSTM. Your texts go to the server of this page and nowhere else."
    },
)
upkeep.begin()
page = st.navigation(navigation.pages())
login.require()
serving.choose_run()
page.run()
