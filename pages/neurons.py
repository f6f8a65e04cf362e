"""Neurons: heads whose attention falls with distance, the dimensions that carry the fall, their removal."""

from attnlit.app import export, say
from attnlit.app.frame.router import ask, end_here
from attnlit.app.neurons import dimensions, fall, measure, removal
from attnlit.errors import AttnlitError

request = ask()

try:
    by = measure.averages(request.model, request.kind)
except AttnlitError as mistake:  # cross-attention, a model of few tokens: the sidebar can change it
    say.hint(str(mistake))
    end_here()

if by is None:
    end_here()
chosen = fall.which_head(request, by)
with_first = fall.curve(request, by)
if by.products is None:
    say.hint(
        f"{request.model.name} shows only its attention, so its dimensions cannot be looked at: "
        f"{request.model.why_no_vectors}"
    )
    export.menus(request.model, None)
    end_here()
table = dimensions.carriers(request, by, chosen, with_first=with_first)
removal.experiment(request, by, chosen, table, with_first=with_first)
