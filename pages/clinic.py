"""Mode collapse as something one can cause, measure and cure in front of a class."""

from explorer.ui import clinic_pictures, clinic_points, theme, url

GROUNDS = {"points": "Points, in seconds", "pictures": "MNIST, in minutes"}

theme.show(
    theme.hero(
        "Collapse clinic",
        "A generator that draws the same thing again and again has collapsed. Here it is made to, "
        "beside a healthy twin from the same seed; then it is cured, one change at a time.",
    )
)
if url.segmented("Where", GROUNDS, "points", "c_ground") == "points":
    clinic_points.show()
else:
    clinic_pictures.show()
