"""A hub's model: asked about before a byte is spent, fetched once for all, a sentence for every mishap."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest
import torch

from attnlit.errors import AttnlitError
from attnlit.models import disk, download
from attnlit.models.hub import ask, complete, fetch
from attnlit.models.identity import identity_of
from attnlit.models.load import load
from tests.models import hub as orders
from tests.models.hub import Hub, until

NAME = "owner/tiny"
GetFolder = Callable[[str], Path]


@pytest.fixture
def hub(tiny_folder: GetFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with orders.running(tmp_path, monkeypatch) as running:
        running.add(NAME, tiny_folder("gpt2"))
        yield running


def impatient(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    monkeypatch.setattr(download, "patience", replace(download.patience, **seconds))


def refusal(name: str = NAME, revision: str | None = None) -> str:
    with pytest.raises(AttnlitError) as refused:
        load(name, revision=revision)
    return str(refused.value)


# ---------------------------------------------------------------------- what goes well


def test_a_model_is_fetched_and_opens(hub: Hub, tiny_folder: GetFolder) -> None:
    checkpoint, local = load(NAME), load(str(tiny_folder("gpt2")))
    assert (checkpoint.name, checkpoint.source) == (NAME, NAME)
    assert checkpoint.identity == identity_of(NAME) == f"{NAME} {hub.commit(NAME)}"
    for name, weights in local.module.state_dict().items():
        assert torch.equal(checkpoint.module.state_dict()[name], weights)
    assert checkpoint.tokenizer("The cat")["input_ids"] == local.tokenizer("The cat")["input_ids"]


def test_asking_spends_nothing(hub: Hub) -> None:
    offer = ask(NAME)
    assert complete(offer) is None
    assert offer.bytes == sum(map(len, hub.models[NAME].values()))
    assert hub.sent == 0
    assert not disk.root().exists()


def test_what_is_here_is_not_fetched_again(hub: Hub) -> None:
    fetched, sent = fetch(NAME), hub.sent
    assert fetch(NAME) == fetched == complete(ask(NAME))
    assert hub.sent == sent


def test_a_new_commit_is_fetched(hub: Hub, tiny_folder: GetFolder) -> None:
    before = load(NAME)
    hub.models[NAME]["config.json"] += b"\n"
    after = load(NAME)
    assert before.source == after.source
    assert before.identity != after.identity == identity_of(NAME)


def test_only_what_counts_is_fetched(hub: Hub) -> None:
    for file in (
        "pytorch_model.bin",
        "README.md",
        "code.py",
        "optimizer.safetensors",
        "onnx/model.safetensors",
    ):
        hub.models[NAME][file] = b"nothing to see"
    assert ask(NAME).bytes < sum(map(len, hub.models[NAME].values()))
    fetched = fetch(NAME)
    assert {file.name for file in fetched.folder.iterdir()} == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip


@pytest.mark.whole
def test_shards_are_those_of_the_index(hub: Hub, tiny_folder: GetFolder, tmp_path: Path) -> None:
    checkpoint = load(str(tiny_folder("gpt2")))
    checkpoint.module.save_pretrained(tmp_path / "shards", max_shard_size="60KB")
    checkpoint.tokenizer.save_pretrained(tmp_path / "shards")
    (tmp_path / "shards" / "stray.safetensors").write_bytes(b"no safetensors")
    hub.add("owner/shards", tmp_path / "shards")
    assert torch.equal(
        load("owner/shards").module.state_dict()["lm_head.weight"], checkpoint.module.lm_head.weight
    )
    assert not hub.asked_for("stray.safetensors")
    lost = sorted(file for file in hub.models["owner/shards"] if file.startswith("model-"))[-1]
    del hub.models["owner/shards"][lost]
    assert "lacks 1 of its" in refusal("owner/shards")


@pytest.mark.whole
@pytest.mark.parametrize("spelling", [(f"{NAME}@step5", None), (NAME, "step5")])
def test_a_revision(spelling: tuple[str, str | None], hub: Hub) -> None:
    checkpoint = load(spelling[0], revision=spelling[1])
    assert checkpoint.name == checkpoint.source == f"{NAME}@step5"
    assert checkpoint.identity == identity_of(f"{NAME}@step5")
    assert hub.asked_for("/revision/step5")


def test_a_model_in_the_hubs_own_cache_is_read_there(hub: Hub, tiny_folder: GetFolder) -> None:
    snapshot = Path(
        huggingface_hub.constants.HF_HUB_CACHE, "models--owner--tiny", "snapshots", hub.commit(NAME)
    )
    shutil.copytree(tiny_folder("gpt2"), snapshot)
    assert fetch(NAME).folder == snapshot
    (snapshot / "model.safetensors").unlink()  # half a model there is none
    assert fetch(NAME).folder != snapshot
    assert hub.sent > 0


def test_progress_goes_from_the_first_byte_to_the_last(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.orders["model.safetensors"] = orders.trickle(step=20_000, seconds=0.05)
    seen: list[tuple[int, int]] = []
    fetch(NAME, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {ask(NAME).bytes}
    assert seen[-1] == (ask(NAME).bytes, ask(NAME).bytes)
    assert len({done for done, _ in seen}) > 2


@pytest.mark.whole
def test_a_download_goes_on_where_it_stopped(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.orders["model.safetensors"] = orders.break_after(40_000)
    fetch(NAME)
    starts = [headers.get("Range") for headers in hub.asked_for("model.safetensors")]
    assert starts[0] is None
    assert starts[1:] == sorted(set(starts[1:]), key=lambda each: int(str(each)[6:-1]))
    assert len(starts) > 2
    assert (fetch(NAME).folder / "model.safetensors").read_bytes() == hub.models[NAME]["model.safetensors"]


@pytest.mark.whole
def test_a_download_that_was_stopped_goes_on_the_next_time(hub: Hub) -> None:
    hub.orders["model.safetensors"] = orders.trickle(step=20_000, seconds=0.2)
    with pytest.raises(download.Stopped, match="was stopped"):
        fetch(NAME, cancelled=lambda: hub.sent > 60_000)
    del hub.orders["model.safetensors"]
    fetch(NAME)
    assert hub.asked_for("model.safetensors")[-1]["Range"].startswith("bytes=")


@pytest.mark.whole
def test_a_hub_that_cannot_go_on_begins_anew(hub: Hub) -> None:
    part = disk.folder_of(NAME, hub.commit(NAME)).with_name(hub.commit(NAME) + disk.UNFINISHED)
    part.mkdir(parents=True)
    (part / "model.safetensors.part").write_bytes(b"x" * 1000)
    content = hub.models[NAME]["model.safetensors"]
    hub.orders["model.safetensors"] = orders.say(content)  # 200, whatever was asked for
    assert (fetch(NAME).folder / "model.safetensors").read_bytes() == content


# ---------------------------------------------------------------------- many who wait


@pytest.mark.whole
def test_all_who_ask_share_one_download(hub: Hub) -> None:
    hub.orders["model.safetensors"] = orders.trickle(step=20_000, seconds=0.1)
    got: list[disk.Fetched] = []
    waiting = [threading.Thread(target=lambda: got.append(fetch(NAME))) for _ in range(5)]
    for each in waiting:
        each.start()
    for each in waiting:
        each.join()
    assert len(set(got)) == 1
    assert len(got) == 5
    assert len(hub.asked_for("model.safetensors")) == 1


@pytest.mark.whole
def test_it_goes_on_for_those_who_stay_and_ends_with_the_last(hub: Hub) -> None:
    hub.orders["model.safetensors"] = orders.trickle(step=2_000, seconds=0.1)
    gone = [threading.Event(), threading.Event()]
    ended: list[int] = []

    def wait(index: int) -> None:
        with pytest.raises(download.Stopped):
            fetch(NAME, cancelled=gone[index].is_set)
        ended.append(index)

    waiting = [threading.Thread(target=wait, args=(index,)) for index in range(2)]
    for each in waiting:
        each.start()
    until(lambda: hub.sent > 20_000)
    gone[0].set()
    waiting[0].join()
    sent = hub.sent
    until(lambda: hub.sent > sent + 4_000)  # the other one still waits
    gone[1].set()
    waiting[1].join()
    assert ended == [0, 1]
    until(lambda: not [each for each in threading.enumerate() if each.name == f"fetch {NAME}"])
    assert hub.sent < len(hub.models[NAME]["model.safetensors"])


@pytest.mark.whole
def test_a_download_keeps_nobody_else_waiting(hub: Hub, tiny_folder: GetFolder) -> None:
    hub.orders["tiny/resolve"] = orders.stall
    gone = threading.Event()

    def wait() -> None:
        with pytest.raises(download.Stopped):
            fetch(NAME, cancelled=gone.is_set)

    slow = threading.Thread(target=wait)
    slow.start()
    until(lambda: bool(hub.asked_for("tiny/resolve")))
    hub.add("owner/other", tiny_folder("bert"))
    assert load("owner/other").masked
    assert load(str(tiny_folder("gpt2"))).predicts
    gone.set()
    slow.join()


# ---------------------------------------------------------------------- what goes wrong

GATED = {"X_Error_Code": "GatedRepo"}
MANY = [b'{"rfilename": "%d.json"}' % number for number in range(3_000)]


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (orders.refuse(403, **GATED), "asks its users to accept a licence first. Accept it on the model's "
         "page at huggingface.co, then set HF_TOKEN and ATTNLIT_HUB_TOKEN=1 where you run attnlit."),
        (orders.refuse(401, X_Error_Code="RepoNotFound"), "has no public model called “owner/tiny”, and "
         "there is no model folder of that name here."),
        (orders.refuse(401), "has no public model called"),
        (orders.refuse(404), "has no public model called"),
        (orders.refuse(403), "refuses to send “owner/tiny” (it answered 403)"),
        (orders.refuse(451), "refuses to send “owner/tiny” (it answered 451)"),
        (orders.refuse(429), "asked too often from here, and asks for a pause of 60 seconds"),
        (orders.refuse(429, Retry_After="90"), "a pause of 90 seconds"),
        (orders.refuse(429, Retry_After="3600"), "a pause of 60 minutes"),
        (orders.refuse(500), "is out of order at the moment (it answered 500)"),
        (orders.refuse(503, Retry_After="3600"), "is out of order at the moment (it answered 503)"),
        (orders.stall, "did not answer in time"),
        pytest.param(orders.drip_answer, "did not answer in time", marks=pytest.mark.whole),
        (orders.say(b"<html>log in first</html>"), "cannot be read"),
        (orders.say(b"[]"), "cannot be read"),
        (orders.say(b'{"sha": "../..", "siblings": []}'), "cannot be read"),
        (orders.say(b'{"sha": "abc1234", "siblings": [1]}'), "cannot be read"),
        (orders.say(b"[" * 100_000), "cannot be read"),
        (orders.say(b'{"sha": "abc1234", "siblings": [' + b",".join(MANY) + b"]}"), "cannot be read"),
        (orders.round_in_circles, "cannot be read"),
        (orders.refuse(200, Content_Length="999"), "cannot be read"),
        (orders.refuse(200, Content_Encoding="gzip", Content_Length="0"), "cannot be read"),
        (orders.packed(bytes(50_000_000)), "cannot be read"),
    ],
)  # fmt: skip
def test_every_answer_has_its_sentence(
    order: orders.Answer, sentence: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_HUB_SECONDS", "0.5")
    hub.orders["/api/models"] = order
    said = refusal()
    assert sentence in said
    assert "hf_secret" not in said
    assert "127.0.0.1" not in said
    assert len(hub.asked_for("/api/models")) == (21 if order is orders.round_in_circles else 1)


def test_no_hub_at_all(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ("http://127.0.0.1:9", "http://no-such-host.invalid", "nonsense"):
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
        assert "the hub cannot be reached" in refusal()


def test_told_to_stay_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "the hub cannot be reached" in refusal()
    assert not hub.asked


@pytest.mark.whole
@pytest.mark.parametrize(
    "order", [orders.refuse(500), orders.refuse(429), orders.stall, orders.say(b"login")]
)
def test_what_was_fetched_before_opens_without_the_hub(
    order: orders.Answer, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_HUB_SECONDS", "0.5")
    before = load(NAME)
    hub.orders["/api/models"] = order
    assert load(NAME).identity == before.identity


def test_what_is_gone_from_the_hub_does_not_open_from_the_disk(hub: Hub) -> None:
    load(NAME)
    hub.orders["/api/models"] = orders.refuse(403, **GATED)
    assert "licence" in refusal()


def test_a_revision_that_there_is_not(hub: Hub) -> None:
    assert "has no such revision" in refusal(revision="step6")
    for revision in ("../../etc", "a b", "x" * 200):
        assert "is not a revision" in refusal(revision=revision)


def test_no_safetensors(hub: Hub) -> None:
    hub.models[NAME]["pytorch_model.bin"] = hub.models[NAME].pop("model.safetensors")
    assert "comes without safetensors" in refusal()
    assert hub.sent == 0


def test_no_tokenizer(hub: Hub) -> None:
    del hub.models[NAME]["tokenizer.json"]
    assert "comes without" in refusal()
    assert not hub.asked_for("model.safetensors")


def test_no_configuration(hub: Hub) -> None:
    del hub.models[NAME]["config.json"]
    assert "holds no config.json" in refusal()
    assert hub.sent == 0


def test_a_model_of_pictures(hub: Hub) -> None:
    config = {"model_type": "vit", "architectures": ["ViTModel"], "hidden_size": 8}
    hub.models[NAME]["config.json"] = json.dumps(config).encode()
    assert "Choose a text model" in refusal()
    assert not hub.asked_for("model.safetensors")


def test_an_adapter_names_its_model(hub: Hub) -> None:
    del hub.models[NAME]["config.json"]
    hub.models[NAME]["adapter_config.json"] = b'{"base_model_name_or_path": "meta-llama/Llama-3.2-1B"}'
    assert "holds only an adapter for “meta-llama/Llama-3.2-1B”" in refusal()
    assert not hub.asked_for(".safetensors")


def test_a_refused_model_leaves_nothing_on_the_disk(hub: Hub) -> None:
    hub.models[NAME]["config.json"] = b'{"model_type": "brain"}'
    refusal()
    assert not [file for file in disk.root().rglob("*") if file.is_file() and file.suffix != ".lock"]


def test_the_operators_token_stays_here_unless_it_is_switched_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(NAME)
    assert not any("authorization" in {each.lower() for each in headers} for _, headers in hub.asked)
    monkeypatch.setenv("ATTNLIT_HUB_TOKEN", "1")
    ask(NAME)
    assert hub.asked[-1][1]["authorization"] == "Bearer hf_secret"
    hub.orders["/api/models"] = orders.refuse(403, **GATED)
    assert "with the account that HF_TOKEN belongs to" in refusal()


# ---------------------------------------------------------------------- limits


def test_too_large_by_the_hubs_own_count(hub: Hub) -> None:
    hub.facts["safetensors"] = {"total": 7_000_000_000}
    assert "needs 28,000 MB of memory and this app allows 2,048 MB" in refusal()
    assert hub.sent == 0


def test_too_large_by_its_files(hub: Hub) -> None:
    hub.sizes["model.safetensors"] = 6_000_000_000
    assert "needs 6,000 MB" in refusal()
    assert hub.sent == 0


@pytest.mark.parametrize("total", [None, 5])  # whatever is said of the weights
def test_too_large_by_its_configuration(total: int | None, hub: Hub) -> None:
    config = json.loads(hub.models[NAME]["config.json"])
    hub.models[NAME]["config.json"] = json.dumps({**config, "n_embd": 8192, "n_layer": 40}).encode()
    hub.facts["safetensors"] = {"total": total}
    assert "MB of memory and this app allows 2,048 MB" in refusal()
    assert not hub.asked_for("model.safetensors")


@pytest.mark.whole
@pytest.mark.parametrize(("file", "size"), [("tokenizer.json", 300_000_000), ("config.json", 20_000_000)])
def test_a_file_beside_the_weights_too_large(file: str, size: int, hub: Hub) -> None:
    hub.sizes[file] = size
    assert f"The file “{file}” of “{NAME}” has {size // 10**6} MB" in refusal()
    assert hub.sent == 0


@pytest.mark.whole
@pytest.mark.parametrize("listed", [None, 400_000])
@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_what_arrives_is_counted(
    file: str, listed: int | None, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnlit.models.limits.MAX_TOKENIZER_BYTES", 1_000_000)
    hub.sizes[file] = listed
    hub.orders[file] = orders.send_more(70_000_000)
    assert "sends more than it announced" in refusal()
    assert sum(each.stat().st_size for each in disk.root().rglob("*") if each.is_file()) < 1_000_000


def test_a_file_without_a_listed_size_arrives(hub: Hub) -> None:
    hub.sizes.update(dict.fromkeys(hub.models[NAME]))
    assert load(NAME).predicts


def test_a_file_that_is_another_than_listed(hub: Hub) -> None:
    content = hub.models[NAME]["model.safetensors"]
    hub.orders["model.safetensors"] = orders.once(orders.say(content[:-1] + b"\x7f"))
    assert "arrived damaged. Fetch it again." in refusal()
    assert load(NAME).predicts  # the next try is sound


@pytest.mark.whole
def test_a_trickle_has_an_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, slow_seconds=0.3)
    hub.orders["model.safetensors"] = orders.trickle(step=100, seconds=0.05)
    assert "too slowly to wait for" in refusal()


@pytest.mark.whole
def test_a_stalled_file_has_an_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, stall_seconds=0.3)
    hub.orders["model.safetensors"] = orders.stall
    assert "did not answer in time" in refusal()


@pytest.mark.whole
def test_a_connection_that_always_breaks_has_an_end(hub: Hub) -> None:
    hub.orders["model.safetensors"] = orders.break_after(0)
    assert "breaks each time" in refusal()
    assert len(hub.asked_for("model.safetensors")) == download.patience.tries


@pytest.mark.whole
@pytest.mark.parametrize("status", [429, 500, 403, 404])
def test_weights_that_are_refused(status: int, hub: Hub) -> None:
    hub.orders["model.safetensors"] = orders.refuse(
        status, Retry_After="3600", X_Error_Code="EntryNotFound" * (status == 404)
    )
    said = {
        429: "a pause of 60 minutes",
        500: "out of order",
        403: "refuses to send",
        404: "is gone from the hub",
    }
    assert said[status] in refusal()
    assert len(hub.asked_for("model.safetensors")) == 1


@pytest.mark.whole
def test_a_hub_that_sends_a_few_bytes_at_each_connection_has_an_end(hub: Hub) -> None:
    hub.orders["model.safetensors"] = lambda visit: visit.answer(206, b"abc")
    assert "breaks each time" in refusal()
    assert len(hub.asked_for("model.safetensors")) == download.patience.tries


NESTED = b'{"a":' * 900 + b"1" + b"}" * 900


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda config: config[:-1] + b', "n_layer": 20000}', "asks for more than 10,000 parts"),
        (lambda config: config[:-1] + b', "layer_norm_epsilon": NaN}', "is not valid JSON"),
        (lambda config: config[:-1] + b', "deep": ' + NESTED + b"}", "more settings than any real model has"),
        (
            lambda config: config[:-1] + b', "x": [' + b"0," * 60_000 + b"0]}",
            "more settings than any real model",
        ),
        (lambda config: config[:-1] + b', "n_head": 0}', "holds values that its kind of model cannot have"),
        (lambda config: b"<html>log in first</html>", "is not valid JSON"),
        (lambda config: config[: len(config) // 2], "is not valid JSON"),
    ],
    ids=["twice, and many", "NaN", "deep", "long", "no heads", "a page", "cut off"],
)
def test_every_config_json_has_its_sentence(
    change: Callable[[bytes], bytes], sentence: str, hub: Hub
) -> None:
    files = hub.models[NAME]
    files["config.json"] = change(files["config.json"].strip())
    assert sentence in refusal()
    assert not hub.asked_for("model.safetensors")


@pytest.mark.whole
@pytest.mark.parametrize("file", ["../../../etc/x.safetensors", "/etc/passwd", "..", "config.json", "a\\b"])
def test_an_index_names_nothing_but_weights_beside_it(file: str, hub: Hub) -> None:
    files = hub.models[NAME]
    files["part.safetensors"] = files.pop("model.safetensors")
    files["model.safetensors.index.json"] = json.dumps({"weight_map": {"x": file}}).encode()
    assert "does not name safetensors beside it" in refusal()
    assert not hub.asked_for("part.safetensors")


def test_counts_that_no_model_has_are_not_believed(hub: Hub) -> None:
    hub.facts["safetensors"] = {"total": 10**400}
    hub.sizes["config.json"] = -(10**400)
    assert ask(NAME).numbers is None


@pytest.mark.whole
@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "foo://x:y", "foo://user:secret@x"])
def test_a_proxy_that_cannot_be_used_is_told_of(
    proxy: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, proxy)
    huggingface_hub.close_session()  # it keeps the proxies that were set when it was made
    said = refusal()
    monkeypatch.undo()
    huggingface_hub.close_session()
    assert "cannot be asked through the proxy that is set here" in said
    assert "secret" not in said


def test_the_disk_is_bounded(hub: Hub, tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_DISK_MB", "1")
    size = ask(NAME).bytes
    names = [f"owner/copy{index}" for index in range(1_000_000 // size + 2)]
    for index, name in enumerate(names):
        hub.models[name] = {**hub.models[NAME], "merges.txt": b"%d" % index}
        fetch(name)
    kept = [name for name in names if complete(ask(name)) is not None]
    assert kept == names[-len(kept) :]  # the longest unused have gone
    assert 0 < len(kept) < len(names)
    assert sum(each.stat().st_size for each in disk.root().rglob("*") if each.is_file()) <= 1_000_000


def test_a_model_larger_than_the_whole_disk_it_may_have(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_DISK_MB", "1")
    hub.sizes["model.safetensors"] = 3_000_000
    assert "MB of disk and this app keeps at most 1 MB" in refusal()
    assert hub.sent == 0


@pytest.mark.parametrize(
    "name", ["a/../b", "..", "-odd-", "a" * 5000, "a--b/c", "The cat sat.", "owner/", "/"]
)
def test_names_that_no_hub_has(name: str, hub: Hub) -> None:
    said = refusal(name)
    assert "is not a model's name" in said or "no model folder" in said
    assert len(said) < 300
    assert not hub.asked
