"""The neuron view: `neuron_view` for notebooks, `neuron_picture` for the app."""

from attnlit.charts.neuron.data import neuron_table
from attnlit.charts.neuron.view import neuron_picture, neuron_view

__all__ = ["neuron_picture", "neuron_table", "neuron_view"]
