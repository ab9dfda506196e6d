"""Every component on one page: what the browser tests drive, and where to look at the design."""

import streamlit as st
from component_films import film, wave

from explorer.ui import theme
from explorer.ui.drag import Slider, drag_picture
from explorer.ui.draw import draw_pad
from explorer.ui.player import player
from explorer.ui.sockets import send_at_once

st.set_page_config("Components", layout="wide", menu_items={"About": "The components."})
theme.apply()
send_at_once(st.get_option("server.port"))

theme.show(
    theme.hero(
        "Watch a model find its pictures",
        "Drag through training, from the first noisy step to the last. Everything below runs in "
        "your browser.",
        kicker="Generative Model Explorer",
    ),
    theme.row(
        theme.stat("Reconstruction", "27.4", "nats per image", "Lower keeps more detail."),
        theme.stat("KL", "11.8", "nats per image"),
        theme.stat("Throughput", "8,410", "images/s"),
        theme.stat("Time left", "1 min 20 s"),
        least="10rem",
    ),
)

st.header("Film")
frames = st.session_state.setdefault("frames", 24)
left, right = st.columns(2)
if left.button("Grow"):
    st.session_state.frames += 1
    st.rerun()
seek = 5 if right.checkbox("Seek to 5") else None
frame = player(film(frames), key="film", value=seek, autoplay="autoplay" in st.query_params)
st.caption(f"Python heard frame {frame}")

st.header("Drag")
drag_picture(
    lambda values: wave(**values),
    key="drag",
    title="Wave",
    sliders=[
        Slider("across", "Waves across", -4, 4, 0.1, 1),
        Slider("down", "Waves down", -4, 4, 0.1, 0.5, "×"),
    ],
)


@st.fragment
def draw() -> None:
    drawn = draw_pad(key="pad")
    text = "nothing" if drawn is None else f"{drawn.shape} {drawn.max()} {(drawn > 0).sum()}"
    st.caption(f"Python holds {text}")


st.header("Draw")
draw()
draw_pad(key="inks", size=32, colour=True)

st.header("Runs")
theme.show(
    theme.row(
        *(
            theme.card(
                f"A run that is {state}",
                "A VAE with 16 latents on FashionMNIST. <b>Text is text.</b>",
                kicker="VAE",
                foot=theme.chip(state),
                picture=film(21).tracks[0].frames[20][:56],
            )
            for state in ("waiting", "running", "interrupted", "done", "failed", "stopped")
        )
    )
)
