"""The app: navigation, page configuration and, if configured, login. ``streamlit_app.py`` serves this script."""

from __future__ import annotations

import streamlit as st

from sentiment.app.shared import current_run, garbage, job_timer, login, navigation


def main() -> None:
    """Draws the page that the URL names."""
    st.set_page_config(  # first, or ``st.navigation`` makes the browser fetch the page's icon from another server
        page_icon=navigation.ICON,
        layout="wide",
        menu_items={"About": navigation.about()},
    )
    st.logo(navigation.LOGO, size="large", icon_image=navigation.ICON)
    job_timer.start_job_timer()
    page = st.navigation(navigation.pages())
    navigation.redirect_alias(page)
    st.set_page_config(page_title=f"{page.title} – {navigation.NAME}", page_icon=navigation.ICON)
    login.require()
    current_run.choose_run()
    page.run()
    garbage.exempt_loaded(page.title)  # last, when the page has imported its modules


if __name__ == "__main__":
    main()
