"""Pages that open on something the engine is still computing, in Streamlit's own simulation."""

import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest
from test_pages import jobs_of, sound


def settled(at: AppTest, waits: Callable[[AppTest], bool]) -> AppTest:
    """The page once it ``waits`` for nothing any more."""
    for _ in range(1000):
        if not waits(at):
            return at
        _await_news(at)
        sound(at.run())
    raise AssertionError("the page never came to rest")


def _await_news(at: AppTest) -> None:
    """Sleep, since each look draws the whole page, until a job tells its first item or ends."""
    fresh = {job: not job.items for job in jobs_of(at)}
    for _ in range(1000):
        time.sleep(0.1)
        if not fresh or any(job.done or (fresh[job] and job.look()) for job in fresh):
            return
        for job in fresh:
            job.look()  # or it is given up


def told(at: AppTest, *kinds: str) -> str:
    """All that elements of some kinds say (errors, if none is named), without backslashes."""
    found = [one for kind in kinds or ("error",) for one in at.get(kind)]
    return " ".join(str(one.value) for one in found).replace("\\", "")


def players(at: AppTest) -> int:
    """How many films there are."""
    names = [one.proto.component_name for one in at.get("bidi_component")]
    return names.count("explorer.player")
