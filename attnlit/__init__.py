"""attnlit: see what the attention of a Transformer language model does.

    import attnlit

    model = attnlit.load("mini-gpt2")
    attention = attnlit.attend(model, "The cat sat on the mat")
    attnlit.head_view(attention, layer=0)

Names are imported when first used, so that `import attnlit` is quick and needs neither torch nor streamlit.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnlit.analysis.ablation import intervene as intervene
    from attnlit.analysis.ablation import switch_off as switch_off
    from attnlit.analysis.ablation_set import ablation_set as ablation_set
    from attnlit.analysis.bias import Contrast as Contrast
    from attnlit.analysis.bias import bias_effects as bias_effects
    from attnlit.analysis.classify import classify as classify
    from attnlit.analysis.compare import compare as compare
    from attnlit.analysis.flow import flow as flow
    from attnlit.analysis.flow import rollout as rollout
    from attnlit.analysis.patching import patch as patch
    from attnlit.analysis.scores import head_roles as head_roles
    from attnlit.analysis.survey import find_heads as find_heads
    from attnlit.analysis.survey import survey as survey
    from attnlit.analysis.writing import writes as writes
    from attnlit.attention import Attention as Attention
    from attnlit.attention import answer as answer
    from attnlit.attention import attend as attend
    from attnlit.attention import load as load
    from attnlit.attention import passed_on as passed_on
    from attnlit.charts.flow import flow_view as flow_view
    from attnlit.charts.head import head_view as head_view
    from attnlit.charts.heatmap import heatmap as heatmap
    from attnlit.charts.model import model_view as model_view
    from attnlit.charts.neuron import neuron_view as neuron_view
    from attnlit.charts.reading import reading_view as reading_view
    from attnlit.charts.writing import writing_view as writing_view
    from attnlit.errors import AttnlitError as AttnlitError

__version__: str  # of the installed package, or of the folder that it runs from

_HOMES = {
    "Attention": "attnlit.attention",
    "load": "attnlit.attention",
    "answer": "attnlit.attention",
    "attend": "attnlit.attention",
    "passed_on": "attnlit.attention",
    "flow_view": "attnlit.charts.flow",
    "head_view": "attnlit.charts.head",
    "heatmap": "attnlit.charts.heatmap",
    "model_view": "attnlit.charts.model",
    "neuron_view": "attnlit.charts.neuron",
    "reading_view": "attnlit.charts.reading",
    "writing_view": "attnlit.charts.writing",
    "flow": "attnlit.analysis.flow",
    "rollout": "attnlit.analysis.flow",
    "head_roles": "attnlit.analysis.scores",
    "find_heads": "attnlit.analysis.survey",
    "survey": "attnlit.analysis.survey",
    "intervene": "attnlit.analysis.ablation",
    "switch_off": "attnlit.analysis.ablation",
    "classify": "attnlit.analysis.classify",
    "ablation_set": "attnlit.analysis.ablation_set",
    "bias_effects": "attnlit.analysis.bias",
    "Contrast": "attnlit.analysis.bias",
    "compare": "attnlit.analysis.compare",
    "patch": "attnlit.analysis.patching",
    "writes": "attnlit.analysis.writing",
    "AttnlitError": "attnlit.errors",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'attnlit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__


@cache
def _version() -> str:
    """What pyproject.toml says, which stands in the installed package's metadata; files are read once."""
    from importlib import metadata

    try:
        return metadata.version("attnlit")
    except metadata.PackageNotFoundError:  # run from its folder, as Community Cloud does
        import tomllib
        from pathlib import Path

        project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
        return str(project["version"])
