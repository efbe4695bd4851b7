"""The front door: navigation, page config, and login where it is on."""

import streamlit as st

from sentiment.app import login, navigation, serving, upkeep

upkeep.begin()
page = st.navigation(navigation.pages())
navigation.redirect(page)
st.set_page_config(
    page_title=f"{page.title} · Review sentiment",
    page_icon=navigation.ICON,  # a file of our own: a named icon would be fetched from elsewhere
    layout="wide",
    menu_items={
        "About": "Reads movie reviews with an LSTM. Your texts go to the server of this page and nowhere else."
    },
)
login.require()
serving.choose_run()
page.run()
