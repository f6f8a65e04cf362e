"""The neuron view: one query against every key, from the vectors to the softmax."""

from attnlit.app import code, export, panels
from attnlit.app.frame import classroom
from attnlit.app.frame.chosen import choose_query
from attnlit.app.frame.router import ask
from attnlit.charts.neuron import neuron_picture, neuron_table

request = ask()
head = (request.layer, request.head)


def follow_pin() -> None:
    """A click on a token on the left makes it the query."""
    for token in panels.selection("neuron_picture", "pin"):
        choose_query(request.shown.queries[token["query"]].position)


panels.picture(
    neuron_picture(request.shown, *head, request.query, theme=request.theme),
    key="neuron_picture",
    on_select=follow_pin,
    selection=["pin"],
    alt="Neuron view of one head: query, key, product, score and softmax",
)
panels.words(request, "neuron_picture")
classroom.page_link(
    "neurons",
    label="How its attention falls with distance",
    icon=":material/trending_down:",
    query_params={"layer": str(request.layer), "head": str(request.head)},
)
export.menu(
    request,
    "neuron",
    lambda: neuron_picture(request.shown, *head, request.query),
    lambda: neuron_table(request.shown, *head, request.query),
    code=[code.neuron_view(request)],
    heads=[request.head],
    about=export.pinned(request),
)
