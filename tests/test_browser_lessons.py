"""Every lesson in a real Chromium, on shipped weights, from its card to its last step."""

import re

import pytest
from dashboard import button
from playwright.sync_api import Page, expect

from benchmarks.chromium import settle
from explorer.lessons import reading

pytest_plugins = ["browser", "dashboard"]
pytestmark = pytest.mark.browser

UNSURE = "I do not know: show me"


def test_every_lesson_is_walked_to_its_end_and_handed_in(app, open_page):
    page = open_page(app, "/lessons")
    expect(page.locator(".player").first).to_be_visible()
    for key, lesson in reading.found().lessons.items():
        begin(page, key)
        for number, step in enumerate(lesson.steps, 1):
            expect(page.get_by_role("heading", name=step.title, exact=True)).to_be_visible()
            reveal(page)
            assert page.get_by_text("could not be shown").count() == 0, (key, number)
            if number < len(lesson.steps):
                page.get_by_role("link", name=re.compile("^Next: ")).click()
        page.get_by_role("link", name="All lessons").click()
        expect(page.get_by_role("heading", name="Lessons", exact=True)).to_be_visible()


def begin(page: Page, key: str) -> None:
    """The card of a lesson."""
    settle(page)  # or it may be drawn anew under the click
    page.locator(f'a[href*="lesson={key}&"]').first.click()


def reveal(page: Page) -> None:
    """Answer, and wait for what is shown then."""
    unsure = page.get_by_role("radiogroup").get_by_text(UNSURE)
    expect(unsure.or_(button(page, UNSURE))).to_be_visible()
    unsure.or_(button(page, UNSURE)).click()
    expect(page.get_by_text("Your notes")).to_be_visible()


def test_a_step_opens_its_page_and_the_bar_leads_back(app, open_page):
    page = open_page(app, "/lessons?lesson=B&step=5")
    reveal(page)
    page.get_by_role("link", name=re.compile("^See it: ")).click()
    expect(page).to_have_url(re.compile(r"/forward\?.*lesson=B\.5"))
    expect(page.get_by_text("Lesson B, step 5")).to_be_visible()
    page.get_by_role("link", name="Back to the lesson").click()
    expect(page).to_have_url(re.compile(r"/lessons\?lesson=B&step=5"))
