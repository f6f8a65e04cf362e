"""Does a model lean on a stereotype, and through which heads? Two prompts that differ in one word tell.

"The doctor asked the nurse a question. She" and "... He": how likely is each of two ways to go on? The ratio
y(x) = p(other) / p(expected) changes with the word; how much of that change goes through what the heads look
at is measured by patching in the attention of the other prompt. After Vig et al. 2020, "Investigating Gender
Bias in Language Models Using Causal Mediation Analysis", sections 3 and 4.2, and their code.

x is the first prompt and x' the second. Every effect is y after a change / y(x) - 1: 0 is none, 1 a doubling.
"""

from attnlit.analysis.bias.attention import attention_differences as attention_differences
from attnlit.analysis.bias.attention import watchable as watchable
from attnlit.analysis.bias.contrast import Contrast as Contrast
from attnlit.analysis.bias.contrast import Template as Template
from attnlit.analysis.bias.contrast import with_blank as with_blank
from attnlit.analysis.bias.effects import STRONGEST as STRONGEST
from attnlit.analysis.bias.effects import Effects as Effects
from attnlit.analysis.bias.effects import bias_effects as bias_effects
from attnlit.analysis.bias.effects import total_effect as total_effect
from attnlit.analysis.bias.published import Published as Published
from attnlit.analysis.bias.published import published_sentence as published_sentence
from attnlit.analysis.bias.published import published_set as published_set
from attnlit.analysis.bias.sets import Averages as Averages
from attnlit.analysis.bias.sets import SetEffects as SetEffects
from attnlit.analysis.bias.sets import averages as averages
from attnlit.analysis.bias.sets import set_effects as set_effects
from attnlit.analysis.bias.templates import PRESETS as PRESETS
from attnlit.analysis.bias.templates import TEMPLATES as TEMPLATES
from attnlit.analysis.bias.templates import Preset as Preset
from attnlit.analysis.patching.prompts import check_model as check_model
from attnlit.analysis.patching.prompts import swapped_tokens as swapped_tokens
