"""Texts to score heads on: a small sample of our own, and a longer text of the user's cut into sentences."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from sentencex import segment

from attnlit.errors import AttnlitError
from attnlit.wording import quoted

Text = tuple[str, str | None]  # a text, and the second sentence where there is one

# Written for attnlit, so that every role has something to do: words that return, lists, numbers, quotations,
# brackets, questions, names, short words and long ones. None is of a text that a model was trained on.
SENTENCES = (
    "The cat sat on the mat, and the dog sat beside the cat until the rain stopped.",
    "She opened the letter, read it slowly, folded it again, and put it in the fire.",
    "We bought apples, pears, plums, grapes and cherries at the market on Saturday morning.",
    "The old sailor told the children a story about a ship that never came home.",
    "If you ask me once more where the key is, I shall hide the key where nobody finds it.",
    "Mr. Dursby met Miss Harlow at the gate; later Mr. Dursby met Miss Harlow at the bridge.",
    "“Come in,” said the woman, “but leave your boots at the door, for the floor is clean.”",
    "The river was high, the bridge was old, and the road beyond the bridge was full of stones.",
    "He counted the coins: one for bread, two for milk, three for the doctor, and none for himself.",
    "Nobody had told the gardener that the roses, the tulips and the lilies were made of paper.",
    "When the bell rang the teacher closed the book, and the children ran into the yard.",
    "My brother is taller than my sister, but my sister runs faster than my brother.",
    "The train left at noon; the train before it, which was late, left a minute later.",
    "Why did the farmer sell the horse, and why did he keep the saddle of the horse?",
    "The nurse asked the doctor a question, and the doctor asked the nurse to wait outside.",
    "It was not the wind that broke the window, it was the ball that the boys had thrown.",
    "Blue paint, red paint, green paint: the walls of the little house had seen them all.",
    "The king gave a feast for the queen, and the queen gave a feast for the king's old horse.",
    "After the war (which lasted nine years) the soldiers went home and planted potatoes.",
    "In the morning it snowed, in the afternoon it rained, and in the evening the stars came out.",
    "The judge believed the witness because she remembered the colour of the stranger's coat.",
    "Take the path through the forest, turn left at the mill, and follow the path to the lake.",
    "The baker baked bread, the brewer brewed beer, and the thief stole bread and beer alike.",
    "Her father had been a captain, his father had been a captain, and she would be a captain too.",
    "There are seven days in a week, twelve months in a year, and never enough hours in a day.",
    "“I do not know,” he answered; “I did not know yesterday, and I shall not know tomorrow.”",
    "The young painter sold the picture of the harbour to a merchant who had never seen the sea.",
    "A fox, a crow and a piece of cheese are all that one needs for a story with a moral.",
    "The windows of the church are older than the church, and the church is older than the town.",
    "They walked and walked until the road became a path and the path became a field of grass.",
    "The engineer explained the engine to the minister, who explained the engine to the press.",
    "Everything in the room was white: the walls, the chairs, the table, the flowers, the cat.",
    "Although the summer had been dry, the well in the middle of the village was full of water.",
    "Peter lent Paul his boat, Paul lent Mary the boat, and Mary asked Peter whose boat it was.",
    "The song that the miners sang was the song that their fathers and grandfathers had sung.",
    "The letter from the bank lay on the table for a week; then the letter from the bank was gone.",
    "Some say that the tower leans because it is tired; others say that it leans because it listens.",
    "The clerk wrote the number in the book, crossed the number out, and wrote it down once more.",
    "Rain, rain, rain: the farmers looked at the sky, and the sky looked back without a word.",
    "The smaller of the two boys carried the larger of the two baskets up the hill to the mill.",
)
PAIRS = (
    ("The cat slept on the warm stones by the wall.", "At night the cat left the stones and the wall."),
    ("The teacher asked the children a question.", "None of the children answered the question."),
    ("A merchant came to the town with three horses.", "Three days later the merchant had no horses."),
    ("The garden behind the house was full of roses.", "The roses in the garden had no smell."),
    ("She wrote a long letter to her brother in the city.", "Her brother never read the letter."),
    ("The ship left the harbour before the storm.", "The storm reached the harbour an hour later."),
    ("The doctor told the farmer to rest for a week.", "The farmer told the doctor to milk the cows."),
    ("There was a key under the mat and a key under the pot.", "Neither key opened the door."),
    ("The bridge over the river is made of stone.", "The bridge over the railway is made of iron."),
    ("He sold the house, the barn and the field.", "The field he bought back; the house he forgot."),
    ("The snow fell on the hills and on the villages.", "In the villages nobody spoke of the snow."),
    ("Two soldiers guarded the gate of the old castle.", "The gate had no castle behind it any more."),
)
SAMPLE: tuple[Text, ...] = (*((sentence, None) for sentence in SENTENCES), *PAIRS)

MOST_TEXTS = 5000
SHORT = 60  # characters: a shorter sentence goes together with the next one of its line
# Abbreviations are English ones; the marks that end a sentence are those of all scripts.
LANGUAGE = "en"
# Characters that are cut into sentences at once: quotation marks that nobody closes take time with the square
# of the length, during which no other thread runs.
_AT_ONCE = 4000


def text_of_file(content: bytes, name: str) -> str:
    """What a file of UTF-8 or UTF-16 with its mark says. Raises AttnlitError for other encodings."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise AttnlitError(f"{quoted(name)} is not written in UTF-8. Save it in UTF-8.") from error


def sentences(text: str) -> list[Text]:
    """A longer text as single sentences; a line break ends one, and short ones of a line stay together.

    Raises AttnlitError for a text without any, and for one of more than 5,000.
    """
    texts: list[Text] = []
    for line in text.splitlines():
        texts += sentences_of_line(line)
        if len(texts) > MOST_TEXTS:
            raise AttnlitError(
                f"This text has more than {MOST_TEXTS:,} sentences, the most that are read here. Shorten it."
            )
    if not texts:
        raise AttnlitError("There is no sentence in this text. Paste a few, or upload a file with some.")
    return texts


def sentences_of_line(line: str) -> Iterator[Text]:
    """The sentences of one line; short ones stay together."""
    together = ""
    for sentence in _cut(line):
        together = f"{together} {sentence}".strip()
        if len(together) >= SHORT:
            yield together, None
            together = ""
    if together:
        yield together, None


def _cut(line: str) -> Iterator[str]:
    """The sentences of a line, each with the quotation mark or bracket that closes it."""
    line = line.encode("utf-8", errors="replace").decode().strip()  # half a character would be no text
    while line:
        end = len(line) if len(line) <= _AT_ONCE else line.rfind(" ", 1, _AT_ONCE) + 1 or _AT_ONCE
        for sentence in segment(LANGUAGE, line[:end]):
            if sentence.strip():
                yield sentence.strip()
        line = line[end:]
