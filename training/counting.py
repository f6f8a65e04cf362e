"""Baselines that count: what the words before, or beside, say about a word without any model."""

import numpy as np

DISCOUNT = 0.75  # of Kneser and Ney: what each count gives to words that have not been seen there


class Trigram:
    """Interpolated Kneser-Ney over token ids: backs off to pairs and then to single tokens."""

    def __init__(self, ids: np.ndarray, vocabulary: int) -> None:
        self.vocabulary = size = vocabulary
        ids = ids.astype(np.int64)
        self.single = np.bincount(ids, minlength=size)
        triples = (ids[:-2] * size + ids[1:-1]) * size + ids[2:]
        self.triples, self.triple_counts = np.unique(triples, return_counts=True)
        # lower orders count contexts, not occurrences: "Francisco" follows one word only, however often
        self.pairs, self.pair_counts = np.unique(self.triples % size**2, return_counts=True)
        self.lone_counts = np.bincount(self.pairs % size, minlength=size)
        self.contexts = _context(self.triples // size, self.triple_counts)
        self.pair_contexts = _context(self.pairs // size, self.pair_counts)

    def probability(self, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
        """P(third | first, second), float64 (tokens,)"""
        size = self.vocabulary
        first, second, third = (each.astype(np.int64) for each in (first, second, third))
        lowest = (self.lone_counts[third] + 0.5) / (self.lone_counts.sum() + 0.5 * size)
        lower = _discounted(
            self.pairs, self.pair_counts, self.pair_contexts, second, second * size + third, lowest
        )
        context = first * size + second
        return _discounted(
            self.triples, self.triple_counts, self.contexts, context, context * size + third, lower
        )

    def unigram(self, tokens: np.ndarray) -> np.ndarray:
        return (self.single[tokens] + 0.5) / (self.single.sum() + 0.5 * self.vocabulary)


def _context(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted contexts, the occurrences of each, and how many different tokens follow it."""
    contexts, first, kinds = np.unique(keys, return_index=True, return_counts=True)
    return contexts, np.add.reduceat(counts, first), kinds


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


def _discounted(
    keys: np.ndarray,
    counts: np.ndarray,
    contexts: tuple[np.ndarray, np.ndarray, np.ndarray],
    context: np.ndarray,
    wanted: np.ndarray,
    lower: np.ndarray,
) -> np.ndarray:
    total = _look_up(contexts[0], contexts[1], context)
    kinds = _look_up(contexts[0], contexts[2], context)
    count = _look_up(keys, counts, wanted)
    seen = (np.maximum(count - DISCOUNT, 0) + DISCOUNT * kinds * lower) / np.maximum(total, 1)
    return np.where(total > 0, seen, lower)


class Neighbours:
    """Guesses a word by its neighbours: what stood most often between them in the training text."""

    def __init__(self, ids: np.ndarray, vocabulary: int) -> None:
        self.vocabulary = vocabulary
        ids = ids.astype(np.int64)
        self.between = _most_frequent(ids[:-2] * vocabulary + ids[2:], ids[1:-1], vocabulary)
        self.after = _most_frequent(ids[:-1], ids[1:], vocabulary)
        self.common = int(np.argmax(np.bincount(ids)))

    def guess(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Backs off to what most often follows the left neighbour, then to the most frequent token."""
        after = _look_up(self.after[0], self.after[1] + 1, left)
        between = _look_up(self.between[0], self.between[1] + 1, left * self.vocabulary + right)
        return np.where(between > 0, between - 1, np.where(after > 0, after - 1, self.common))


def _most_frequent(keys: np.ndarray, words: np.ndarray, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """For every key, the word that comes with it most often. Sorted keys, words."""
    joint, counts = np.unique(keys * vocabulary + words, return_counts=True)
    order = np.lexsort((counts, joint // vocabulary))
    keys, words = joint[order] // vocabulary, joint[order] % vocabulary
    last = np.append(keys[1:] != keys[:-1], True)
    return keys[last], words[last]
