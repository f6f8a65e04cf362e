"""How near two numbers must be, and why. No tolerance is fitted to the processor at hand.

float32 is off by 6e-8 of a number at each step, and each kernel adds up in its own order. A tiny model's
scores are at most a few tens, so that after three layers its weights, probabilities and logits (relative to
the largest) are off by 1e-6 or so, whichever kernel computes them. The bundled models are trained and have
six layers: there two processors differ by 1e-5. A head, row or text that is taken for another one is off by
1e-3 and more. Where the same text stands in a batch and alone, kernels differ most:
these tests take the model in float64 (`tiny_double`), which leaves what it does in float32 all the same, as
most do their softmax.
"""

from __future__ import annotations

from typing import Any

# Of weights and probabilities, and of logits relative to the largest: ten times what rounding does.
ROUNDING = 1e-5

# The same of the bundled models, where what is compared was computed apart: by another processor, or in
# another order.
TRAINED = 1e-4

# What a mistake changes at the least. A test that finds no difference also says that there could be one.
MISTAKE = 1e-3

# Of ratios of probabilities, for pytest.approx: exp of a difference of logits makes an error relative.
RATIO: dict[str, Any] = {"rel": 1e-4, "abs": ROUNDING}

# Of KL in nats, for pytest.approx: of second order in what changes, so that a small one has few digits.
KL: dict[str, Any] = {"rel": 1e-3, "abs": 1e-7}
