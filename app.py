"""The dashboard: ``streamlit run app.py``. A table of pages; each page is one file in pages/."""

import streamlit as st

from explorer.ui import shell

PAGES = {
    "": [
        st.Page("pages/start.py", title="Start", icon=":material/home:", default=True),
        st.Page("pages/lessons.py", title="Lessons", icon=":material/school:"),
    ],
    "Train": [
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/folder_open:"),
        st.Page("pages/zoo.py", title="Model zoo", icon=":material/pets:"),
    ],
    "Diffusion": [
        st.Page("pages/points.py", title="Diffusion in 2-D", icon=":material/scatter_plot:"),
        st.Page("pages/forward.py", title="Forward process", icon=":material/grain:"),
        st.Page("pages/reverse.py", title="Reverse process", icon=":material/blur_off:"),
        st.Page("pages/schedules.py", title="Schedules", icon=":material/show_chart:"),
        st.Page("pages/simple.py", title="Simple diffusion", icon=":material/draw:"),
        st.Page("pages/latent.py", title="Latent diffusion", icon=":material/route:"),
    ],
    "GAN": [
        st.Page("pages/game.py", title="GAN game", icon=":material/sports_kabaddi:"),
        st.Page("pages/clinic.py", title="Collapse clinic", icon=":material/healing:"),
        st.Page("pages/losses.py", title="Why the loss trains", icon=":material/trending_down:"),
        st.Page("pages/mistakes.py", title="Known mistakes", icon=":material/bug_report:"),
        st.Page("pages/gan_images.py", title="GAN on images", icon=":material/grid_view:"),
        st.Page("pages/conditional.py", title="Conditional GAN", icon=":material/category:"),
    ],
    "Scoreboard": [
        st.Page("pages/fid.py", title="What is FID?", icon=":material/straighten:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/leaderboard:"),
        st.Page("pages/memorised.py", title="Memorised or made?", icon=":material/content_copy:"),
        st.Page("pages/capabilities.py", title="Capabilities", icon=":material/grid_on:"),
    ],
    "Look inside": [
        st.Page("pages/reconstruct.py", title="Reconstruct and sample", icon=":material/compare:"),
    ],
    "Latent space": [
        st.Page("pages/latent_map.py", title="Latent map", icon=":material/bubble_chart:"),
        st.Page("pages/ae_vae.py", title="AE against VAE", icon=":material/balance:"),
        st.Page("pages/interpolate.py", title="Interpolate", icon=":material/linear_scale:"),
        st.Page("pages/traverse.py", title="Traverse", icon=":material/tune:"),
        st.Page("pages/few_shots.py", title="Few shots", icon=":material/counter_5:"),
    ],
}

ABOUT = "Generative Model Explorer: see how generative models learn. MIT licence."
st.set_page_config(
    "Generative Model Explorer", shell.ICON, layout="wide", menu_items={"About": ABOUT}
)
shell.run(st.navigation(PAGES, expanded=True))
