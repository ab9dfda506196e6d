"""From the map to the image and back, and a plane under the pointer, in a real Chromium."""

import re

import numpy as np
import pytest
from dashboard import drawn, is_painted, picture, until
from playwright.sync_api import expect
from test_charting import vae_run

from benchmarks.chromium import painted, settle
from explorer import data

pytest_plugins = ["browser", "dashboard"]
pytestmark = pytest.mark.browser


def test_from_the_map_to_the_image_and_back(app, open_page):
    run = vae_run()
    query = f"/latent_map?map_model={run.id}&map_other={run.id}&map_method=pca&map_images=500"
    page = open_page(app, query)
    latents, number = page.locator(".map"), page.get_by_label("Image number")
    expect(latents).to_have_attribute("data-points", "500")
    until(lambda: is_painted(latents.locator(".view")))
    settle(page)  # what stands below the map is computed after it, bar by bar

    # a click on a point shows its image
    view = latents.locator(".view")
    view.scroll_into_view_if_needed()
    before = number.input_value()
    point = click_a_point(page, latents, "0")
    assert int(point) > 0
    expect(number).not_to_have_value(before)

    # its number marks the image on the map again
    place = number.input_value()
    number.fill(before)
    number.press("Enter")
    expect(latents).to_have_attribute("data-chosen", "0")
    number.fill(place)
    number.press("Enter")
    expect(latents).to_have_attribute("data-chosen", point)

    # a lasso around everything
    latents.get_by_role("radio", name="Lasso").click()
    box = view.bounding_box()
    corners = [(2, 2), (box["width"] - 3, 2), (box["width"] - 3, box["height"] - 3)]
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for x, y in [*corners, (2, box["height"] - 3)]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    page.mouse.up()
    expect(latents).to_have_attribute("data-circled", "500")
    expect(page.get_by_text("That is all of them.")).to_be_visible()

    # the picture follows the pointer, and the server decodes where it was lifted
    pad = page.locator(".pad")
    ground = pad.locator(".ground")
    ground.scroll_into_view_if_needed()
    box = ground.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    corner = picture(pad.locator(".picture"))
    page.mouse.move(box["x"] + box["width"] - 9, box["y"] + box["height"] - 9)
    until(lambda: not np.array_equal(corner, picture(pad.locator(".picture"))))
    page.mouse.down()
    page.mouse.up()
    expect(pad).to_have_attribute("data-sent", re.compile(r"\d"))
    expect(page.get_by_text(re.compile("blend off by"))).to_be_visible()


def test_a_map_in_space_turns_and_its_points_stay_their_images(app, open_page):
    run = vae_run()
    query = f"/latent_map?map_model={run.id}&map_method=pca&map_images=500&map_dimensions=3"
    page = open_page(app, query, viewport={"width": 900, "height": 900}, color_scheme="dark")
    latents = page.locator(".map")
    view, number = latents.locator(".view"), page.get_by_label("Image number")
    expect(latents).to_have_attribute("data-points", "500")
    settle(page)  # what stands below the map is computed after it, bar by bar
    view.scroll_into_view_if_needed()

    # a drag turns it, and nothing is chosen by that
    before, chosen = drawn(view), latents.get_attribute("data-chosen")
    box = view.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1] - 40, steps=4)
    page.mouse.up()
    until(lambda: drawn(view) != before)
    expect(latents).to_have_attribute("data-chosen", chosen)

    # the picture under the pointer is that of the image which a click selects there
    point = click_a_point(page, latents, chosen)
    assert point == latents.get_attribute("data-hovered")
    tip = latents.locator(".tip canvas")
    until(lambda: np.array_equal(picture(tip)[..., 0], shown(number)))


def shown(number) -> np.ndarray:
    """The test image of the number on the page."""
    return data.load("fashion-mnist", "test").x[int(number.input_value()), 0]


def click_a_point(page, latents, but: str) -> str:
    """Point about until a picture shows that is not the point ``but``, and click; the point."""
    box, steps = latents.locator(".view").bounding_box(), np.linspace(0.3, 0.7, 9)
    for x, y in [(x, y) for x in steps for y in steps]:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        painted(page)  # the map answers a move with its next frame
        if (latents.get_attribute("data-hovered") or "-1") not in ("-1", but):
            break
    expect(latents.locator(".tip")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    expect(latents).not_to_have_attribute("data-chosen", but)
    return latents.get_attribute("data-chosen")
