"""How far samples are from data: features, their statistics, distances between them."""
