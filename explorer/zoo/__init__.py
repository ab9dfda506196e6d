"""The shipped models: a recipe each, how they are trained, packed and checked, and their cards.

``explorer/zoo/recipes/NAME.json`` says what is trained and how much of it travels;
``pretrained/NAME.safetensors`` is what came of it, and ``pretrained/zoo.json`` how.
"""
