"""Example reviews, one for each kind of input, and what a person would expect of each."""

EXAMPLES = {
    "Glowing": (
        "I went in expecting another tired heist film and came out grinning. The script is sharp, the two leads are "
        "wonderful together, and the final half hour is as tense as anything I have seen this year.\n\n"
        "A small gem. I can't wait to see it again."
    ),
    "Scathing": (
        "Two hours of my life, gone. The dialogue is wooden, the plot makes no sense, and the lead looks as bored as "
        "I was. Even the music is awful.\n\n"
        "The worst thing I have watched in years. Avoid."
    ),
    "Mixed": (
        "The photography is beautiful and the first act promises a lot. Sadly the story falls apart after that: too "
        "many characters, too little to say, and an ending nobody asked for. Still, the young actress is superb, and "
        "I was never bored for long."
    ),
    "Negated": (
        "It is not a bad film, whatever the critics say. The jokes aren't stupid, the pace never drags, and there was "
        "not one scene I would have cut. I didn't expect much, and I wasn't disappointed."
    ),
    "Sarcastic": (
        "Oh, brilliant. Another hero who walks away from an explosion in slow motion. I especially loved the forty "
        "minutes of people staring at screens. If you enjoy checking your watch, this is a masterpiece."
    ),
    "Not a review": (
        "Preheat the oven to 180 degrees. Rub the butter into the flour, stir in the sugar and one egg, and press the "
        "dough into a tin. Bake for twenty-five minutes and leave to cool before slicing."
    ),
}

LABELS = {"Negated": "Negation", "Not a review": "Off-topic"}  # shown in place of the names, which links contain

EXPECTED = {
    "Glowing": "Expected: positive.",
    "Scathing": "Expected: negative.",
    "Mixed": "Expected: unsure, because praise and criticism balance.",
    "Negated": "Expected: positive. Each criticism is negated.",
    "Sarcastic": "Expected: negative. Sarcasm is a known weakness of the model.",
    "Not a review": "Expected: no opinion. The model was trained on movie reviews only, and answers anyway.",
}


def expectation(text: str) -> str:
    """Returns what a person would expect of an example's text; empty for any other text."""
    return next((EXPECTED[name] for name, example in EXAMPLES.items() if example == text), "")
