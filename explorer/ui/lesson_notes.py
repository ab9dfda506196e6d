"""What a student said: predictions and notes, kept for the session and for the hand-in."""

import streamlit as st

from explorer.lessons.reading import Place

ANSWERS, NOTES, SEEN, RUNS = "lesson-answers", "lesson-notes", "lesson-seen", "lesson-runs"
UNSURE = "I do not know: show me"


def answers() -> dict[str, str]:
    """What was predicted, by the name of the step."""
    return st.session_state.setdefault(ANSWERS, {})


def notes() -> dict[str, str]:
    """What was written down, by the name of the step."""
    return st.session_state.setdefault(NOTES, {})


def runs() -> dict[str, str]:
    """The run that a step's button started, by the name of the step."""
    return st.session_state.setdefault(RUNS, {})


def is_right(place: Place) -> bool | None:
    """Whether a prediction came true; None without one, or where nothing is right or wrong."""
    predict, said = place.step.predict, answers().get(place.name)
    if said is None or said == UNSURE or predict.right is None:
        return None
    return said == predict.choices[predict.right]


def predict(place: Place) -> str | None:
    """The question; the answer once there is one."""
    asked, key = place.step.predict, f"predict-{place.name}"
    known = answers().get(place.name)
    if asked.choices:
        options = [*asked.choices, UNSURE]
        at = options.index(known) if known in options else None
        st.markdown(f"**What do you expect?** {asked.question}")
        said = st.radio(asked.question, options, at, key=key, label_visibility="collapsed")
    else:
        st.markdown(f"**What do you expect?** {asked.question}")
        said = st.text_area(
            asked.question, known or "", key=key, max_chars=500, label_visibility="collapsed"
        )
        if not said and st.button(UNSURE, key=f"unsure-{place.name}"):
            said = UNSURE
        said = said or known
    if said:
        answers()[place.name] = said
    return said


def note(place: Place) -> None:
    """A place to write down what was seen."""
    text = st.text_area(
        "Your notes (they go into the hand-in)",
        notes().get(place.name, ""),
        key=f"note-{place.name}",
        max_chars=2000,
    )
    notes()[place.name] = text
