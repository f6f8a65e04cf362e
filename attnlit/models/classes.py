"""Which class of transformers opens a checkpoint, what its head predicts, and how large it will be."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.model import EACH_TOKEN, ONE_CLASS, REGRESSION, arguments_of, class_name
from attnlit.wording import quoted

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

_MOST_CLASSES = 1000
MOST_TENSORS = 10_000  # models of hundreds of experts have 6,000
# Encoder-decoders whose classifiers give the text to both: their decoder reads it a token later.
_READ_TWICE = ("bart", "mvp", "t5", "mt5", "umt5")
_SPARSE = ("big_bird", "bigbird_pegasus")


@dataclass(frozen=True)
class Head:
    """What stands on top of a checkpoint's layers."""

    auto: Any  # the class of transformers to load with
    words: bool = False  # it predicts words …
    masked: bool = False  # … that are masked, rather than the next one
    classes: tuple[str, ...] = ()  # names of the classes that a fine-tuned classifier tells apart
    problem_type: str = ""  # what it says of them; see `attnlit.models.model.Checkpoint`


def head_of(config: PretrainedConfig, saved: set[str] | None = None) -> Head:
    """The head by the architecture that was saved (None: as the configuration says).

    A class with a head that was never saved would load too, with random weights, so the name decides.
    """
    import transformers
    from transformers.models.auto import modeling_auto as auto

    saved = set(config.architectures or ()) if saved is None else saved
    if saved & set(auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES.values()):
        return Head(transformers.AutoModelForSeq2SeqLM, words=True)
    masked = auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if saved & set(masked.values()) or (
        any(each.endswith("ForPreTraining") for each in saved) and config.model_type in masked
    ):
        return Head(transformers.AutoModelForMaskedLM, words=True, masked=True)
    if saved & set(auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()):
        return Head(transformers.AutoModelForCausalLM, words=True)
    # With images or sound beside the text: given text alone, such a model is a language model.
    if saved & set(auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES.values()):
        return Head(transformers.AutoModelForImageTextToText, words=True)
    if saved & set(auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES.values()):
        return Head(transformers.AutoModelForMultimodalLM, words=True)
    sorts = saved & set(auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES.values())
    if sorts and (not config.is_encoder_decoder or _reads_twice(config)):
        of_texts = transformers.AutoModelForSequenceClassification
        return Head(of_texts, classes=_classes(config), problem_type=_problem_type(config))
    tags = saved & set(auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES.values())
    if tags and not config.is_encoder_decoder:
        of_tokens = transformers.AutoModelForTokenClassification
        return Head(of_tokens, classes=_classes(config), problem_type=EACH_TOKEN)
    if saved & set(auto.MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES.values()):
        return Head(transformers.AutoModelForTextEncoding)
    return Head(transformers.AutoModel)


def _classes(config: PretrainedConfig) -> tuple[str, ...]:
    names = config.id2label or {}
    return tuple(class_name(str(names[each]), each) for each in sorted(names)[:_MOST_CLASSES])


def _reads_twice(config: PretrainedConfig) -> bool:
    """Whether a classifier's decoder is one that reads the text a token later, from a start to an end."""
    marks = (getattr(config, name, None) for name in ("decoder_start_token_id", "eos_token_id"))
    return config.model_type in _READ_TWICE and all(isinstance(each, int) for each in marks)


def _problem_type(config: PretrainedConfig) -> str:
    """Where the configuration does not say it, one label means a number: so transformers trains it."""
    said = config.problem_type or (REGRESSION if config.num_labels == 1 else ONE_CLASS)
    return REGRESSION if said == ONE_CLASS and config.num_labels == 1 else str(said)


def parameters(config: PretrainedConfig, head: Head, name: str) -> int:
    """How many numbers a model of this configuration has, built without memory on torch's meta device.

    Raises AttnlitError as soon as there are more than this deployment allows.
    """
    import torch
    from transformers import initialization

    _check_layers(config, name)
    # Some models compute with what they create, which the meta device alone would refuse.
    computing = getattr(initialization, "meta_device_safe_creation_ops", nullcontext)
    with _counting(name), torch.device("meta"), computing(), initialization.no_init_weights():
        module = head.auto.from_config(config, dtype=torch.float32, trust_remote_code=False)
    module.tie_weights()
    return numbers(module)


def numbers(module: PreTrainedModel) -> int:
    """Numbers in a model's parameters and buffers; what several parts share counts once."""
    tensors = {id(each): each for each in [*module.parameters(), *module.buffers()]}
    return sum(each.numel() for each in tensors.values())


def _check_layers(config: PretrainedConfig, name: str) -> None:
    """Raises AttnlitError at once where the layers alone are too many parts: to build them takes seconds."""
    layers = getattr(config.get_text_config(), "num_hidden_layers", None)
    if isinstance(layers, int) and layers > MOST_TENSORS:
        raise AttnlitError(_too_many_parts(name))


def _too_many_parts(name: str) -> str:
    return (
        f"The configuration of {quoted(name)} asks for more than {MOST_TENSORS:,} parts. Choose another "
        "model."
    )


def _counting(name: str) -> Any:
    """A context that ends the building of a model once it is certainly too large.

    Twice the limit, since parts may be created and then tied to others; `parameters` counts exactly.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    most = 2 * limits.max_model_megabytes() * 1e6 / limits.FLOAT32_BYTES + 1e7

    class Counting(TorchDispatchMode):
        created = tensors = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            if isinstance(made, torch.Tensor) and "empty" in str(function):
                self.created += made.numel()
                self.tensors += 1
                if self.created > most:
                    limits.check_size(name, self.created)
                if self.tensors > MOST_TENSORS:
                    raise AttnlitError(_too_many_parts(name))
            return made

    return Counting()


def without_sparse_attention(config: PretrainedConfig) -> int | None:
    """Sets BigBird to full attention; returns the most tokens for which that is what the model itself does.

    With more tokens it looks at blocks (Zaheer et al. 2020, section 2); with fewer transformers, too,
    turns to full attention, but for good, whatever comes next. None for all other models.
    """
    if config.model_type not in _SPARSE or getattr(config, "attention_type", None) != "block_sparse":
        return None
    config.attention_type = "original_full"
    return (5 + 2 * config.num_random_blocks) * config.block_size


def check_reads_text(model_class: type, name: str) -> None:
    """Raises AttnlitError for a model that cannot be run with nothing but a text's tokens."""
    named = getattr(model_class, "main_input_name", "")
    if named != "input_ids" or named not in arguments_of(model_class):
        raise AttnlitError(f"{quoted(name)} does not read text. Choose a text model.")


def check_vocabulary(config: PretrainedConfig, name: str) -> None:
    """Raises AttnlitError for a model whose tokens are not of a vocabulary, so that none can be shown."""
    words = getattr(config.get_text_config(decoder=True), "vocab_size", None)
    if isinstance(words, int) and words > 0:
        return
    if config.model_type == "canine":
        raise AttnlitError(
            f"{quoted(name)} takes four letters together as one in all but its first and last layer "
            "(CANINE), so no picture of its tokens would be true. Choose another model."
        )
    raise AttnlitError(f"{quoted(name)} has no vocabulary. Choose a text model.")
