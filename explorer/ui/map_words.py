"""What the page Latent map asks and explains."""

QUESTION = "This model never saw a label. What will the map of its latents look like?"
GUESSES = {
    "one": "One even cloud",
    "islands": "An island for every class, well apart",
    "kinds": "Regions by kind, which run into each other where things look alike",
}
RIGHT = "kinds"
HAPPENS = (
    "What looks alike gets neighbouring latents, because the decoder is smooth. Trousers and bags "
    "stand apart, while pullovers, coats and shirts share one region: their outlines are one and "
    "the same. *Neighbours of its own class* below puts a figure to it."
)
TRUSTED = (
    "**Trustworthiness** falls when the map puts strangers side by side, **continuity** when it "
    "tears neighbours apart (Venna & Kaski 2001): 1 is perfect, one half is chance."
)
READING = {
    axes: f"Hover to see the image, click to look closely, drag to {does}, wheel to zoom; with "
    "*Lasso*, or Shift, drag around some. The lines from the chosen point lead to its nearest "
    "neighbours **in the latents**: where they are long, the map is wrong."
    for axes, does in ((2, "move"), (3, "turn"))
}
DISTANCES = {
    "umap": "On a UMAP only nearness means something: distances between islands and their sizes "
    "do not.",
    "tsne": "On a t-SNE only nearness means something: distances between islands and their sizes "
    "do not.",
    "pca": "PCA is a shadow: what is far apart here is far apart, but what is near may be far "
    "behind.",
}
NEWCOMERS = {
    "umap": "UMAP moves each newcomer to where its neighbours pull it, while the map stands still.",
    "tsne": "t-SNE knows no new points: each lies amid its nearest neighbours in the latents.",
    "pca": "PCA projects newcomers as it projected all others.",
}
