"""The pages: what the navigation says of each, which controls it needs, and what its address may hold.

A new page is one script in `pages/` and one card here.
"""

from __future__ import annotations

from dataclasses import dataclass

VIEWS, QUESTIONS = "Views", "Questions"  # the paper's three views and its three uses
BEYOND = "Beyond the weights"
LEARN = "Learn"

# What the frame's controls are called in the address.
_MODEL = frozenset({"model", "kind", "reads", "writes"})
_TEXT = frozenset({"example", "text", "pair", "target", "without"})
_FILTERS = frozenset({"weigh", "filter", "words", "special", "rescaled"})
KEYS_OF = {
    "model": _MODEL,
    "text": _TEXT | _FILTERS,
    "head": frozenset({"layer", "head"}),
    "heads": frozenset({"layer", "heads"}),
    "query": frozenset({"query", "key"}),
    "together": frozenset({"together"}),
    "vectors": frozenset(),
    "whole": frozenset(),
    "unfiltered": frozenset(),
    "answers": frozenset(),
}
# A text may be empty, as a second sentence is that somebody took away; no other choice is.
OWN_TEXTS = frozenset(
    {"text", "pair", "target", "first", "second", "expected", "other", "watched", "prompt", "system"}
    | {"until", "asked", "against"}
)


@dataclass(frozen=True)
class PageCard:
    """What the frame has to know of a page."""

    # The name of its file in `pages/`, and its address.
    script: str
    title: str
    icon: str
    # One sentence under the title.
    lead: str
    # What the frame asks for: "model", "text", "head" or "heads", "query"; with "together" also which tokens
    # count as one. With "vectors" the page shows queries and keys, which whole words do not have; with
    # "unfiltered" it shows all tokens, and has no filter; with "whole" it looks at all layers, too, and has
    # no layer or head.
    controls: frozenset[str] = frozenset()
    # Menu of the navigation that it stands in.
    section: str = ""
    # What the page's own controls are called in the address.
    keys: frozenset[str] = frozenset()
    # Terms of the field that the page uses, explained beside its sentence.
    terms: tuple[str, ...] = ()
    # Its picture needs weights alone: a cold server draws it of what was recorded, before a model is open.
    from_record: bool = False

    @property
    def all_keys(self) -> frozenset[str]:
        """Every name that an address of this page may hold."""
        return self.keys.union(*(KEYS_OF[control] for control in self.controls))


HOME = PageCard("home", "attnlit", ":material/home:", "See what the attention of a language model does.")
LESSONS = PageCard(
    "lessons",
    "Lessons",
    ":material/school:",
    "Predict, look, switch off: lessons of 10 to 15 minutes, alone or with a class.",
    section=LEARN,
    keys=frozenset({"lesson", "step", "answers", "only"}),
)
PAGES = (
    HOME,
    PageCard(
        "head_view",
        "Head view",
        ":material/grid_goldenratio:",
        "Which words look at which? Each line is one look, each colour one head of the chosen layer.",
        frozenset({"model", "text", "heads", "query", "together"}),
        VIEWS,
        frozenset({"shape"}),
        terms=("token", "special token", "layer", "head", "causal mask"),
        from_record=True,
    ),
    PageCard(
        "model_view",
        "Model view",
        ":material/apps:",
        "Every head of every layer at once. Click a thumbnail to see that head large.",
        frozenset({"model", "text", "head", "query"}),
        VIEWS,
        frozenset({"role"}),
        terms=("layer", "head", "attention sink", "previous-token head", "induction head"),
        from_record=True,
    ),
    PageCard(
        "neuron_view",
        "Neuron view",
        ":material/neurology:",
        "Where a weight comes from: the query meets each key, dimension by dimension.",
        frozenset({"model", "text", "head", "query", "vectors"}),
        VIEWS,
        terms=("query", "key", "score", "softmax", "causal mask"),
    ),
    PageCard(
        "bias",
        "Bias",
        ":material/balance:",
        "Swap one word, she for he: what changes in the model's guess, and through which heads?",
        frozenset({"model", "head"}),
        QUESTIONS,
        frozenset({"scope", "prompts", "measure", "expected_only"})
        | {"first", "second", "expected", "other", "watched"},
        terms=("head", "total effect", "indirect effect", "direct effect", "patching"),
    ),
    PageCard(
        "patterns",
        "Patterns",
        ":material/pattern:",
        "What is each head for? Every head of the model, scored for each role that research has named.",
        frozenset({"model", "text", "head", "query"}),
        QUESTIONS,
        frozenset({"over", "score", "list"}),
        terms=("head", "entropy", "nat", "Jensen–Shannon divergence", "untrained model"),
    ),
    PageCard(
        "neurons",
        "Neurons",
        ":material/trending_down:",
        "Which heads attend less to words farther away, and which few dimensions make them do so?",
        frozenset({"model", "text", "head", "query", "vectors"}),
        QUESTIONS,
        frozenset({"with_first", "dimensions", "key_token"}),
        terms=("head", "distance-decay head", "query", "key", "score"),
    ),
    PageCard(
        "flow",
        "Flow",
        ":material/account_tree:",
        "Layer by layer, a token takes in parts of others. What is it made of in the end?",
        frozenset({"model", "text", "whole", "query"}),
        BEYOND,
        frozenset({"way", "alone"}),
        terms=("residual stream", "rollout", "uniform attention", "causal mask"),
    ),
    PageCard(
        "writing",
        "Writing",
        ":material/edit_note:",
        "A model's guess is a sum: what does each head, and each MLP, add to the number behind a word?",
        frozenset({"model", "text", "head", "query", "unfiltered"}),
        BEYOND,
        frozenset({"shows", "asked", "against"}),
        terms=("logits", "residual stream", "MLP", "logit attribution", "logit lens"),
    ),
    PageCard(
        "answer",
        "Answer",
        ":material/chat:",
        "Let the model write. For every word of its answer: what did it read, and how sure was it?",
        frozenset({"model", "head", "answers"}),
        BEYOND,
        frozenset({"form", "length", "temperature", "seed", "read_by", "when", "weigh", "word"})
        | {"prompt", "system"},
        terms=("token", "temperature", "chat template", "span"),
    ),
    PageCard(
        "compare",
        "Compare",
        ":material/compare:",
        "Two texts or two models side by side: which heads attend differently, and which of them matter?",
        frozenset({"model", "text", "heads", "query"}),
        BEYOND,
        frozenset({"sides", "with_model", "beside", "patched", "direction", "until_how"})
        | {"second", "expected", "other", "until"},
        terms=("nat", "Jensen–Shannon divergence", "patching", "sufficient", "necessary"),
    ),
    LESSONS,
    PageCard(
        "glossary",
        "Glossary",
        ":material/dictionary:",
        "What the terms of the field mean, in a sentence or two.",
        section=LEARN,
    ),
)
BY_SCRIPT = {card.script: card for card in PAGES}
