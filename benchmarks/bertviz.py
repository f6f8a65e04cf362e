"""attnlit and BertViz 1.4.1 side by side: one run, one browser, the same attentions.

python -m benchmarks.bertviz                        # over twenty minutes; writes benchmarks/results.md
python -m benchmarks.bertviz --quick                # N = 16 once: does it work?
python -m benchmarks.bertviz --checkpoint FOLDER    # a real model's attention instead of random weights
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Browser

import attnlit
from attnlit.attention.record import Attention
from attnlit.models.limits import set_threads
from attnlit.models.model import Model
from benchmarks import attnlit_side, bertviz_side
from benchmarks.load.server import app
from benchmarks.report import FILE, MEASURED_OFTEN, ROWS, Results, budget_table, put, tables
from benchmarks.subject import machine, save_random_model, text_of
from tests.browser.chromium import chromium

ROOT = Path(__file__).parents[1]
LENGTHS = (16, 32, 64, 128, 256, 512)
LONGEST_FOR_BERTVIZ = 128
FIRST_VISITS = (32, 128)  # lengths at which first visits are repeated; elsewhere one, for its memory

# The app as anybody starts it, except that folders may be named as models, and that its cache holds the
# benchmark's long texts: BertViz's HTML, too, is built before the clock starts.
SETTINGS = {"ATTNLIT_ANY_MODEL": "1", "ATTNLIT_CACHE_MB": "2048"}

HOW = """\
- **Painted**: until the animation frame after the one that showed the last change of any picture on the
  page. The clock starts when the page receives the click or the pointer's move, or with the navigation
  where a page is opened. A frame lasts 16.7 ms, and no change can take less. What Chromium still does on
  other threads afterwards counts for neither.
- **Hover**: from one token to the next, until the frame after the first change. No pixel changes later
  (compared at N = 64 and 128), though the neuron view draws again once it has loaded what the rows beside
  the new one will need.
- **One head off**: until the frame after the first change, which the browser makes alone. The server is told,
  and answers later with the words beside the picture, and with weaker lines of the others where all together
  were too many to draw.
- **Heads**: attnlit opens its head view at the one head that tells most on the text, with a token pinned;
  BertViz at all heads of a layer. Hover, change of layer and one head off are measured with all heads.
- **Lines**: from 60 tokens on attnlit opens a head as a heat map. Here it is asked for lines, as in BertViz.
- **Opened**: attnlit by a click on the view in the navigation, from another view, with a text whose picture
  the server has not drawn before. BertViz by opening its finished HTML from a file. Neither time holds the
  forward pass; attnlit's holds its server's work, BertViz's does not: that is in its first row.
- **First visit**: attnlit from a link, in a browser with an empty cache, with all of Streamlit's own files,
  which come from this machine. BertViz's opening is always a first visit.
- **Server**: from the recorded attention to what is sent: for attnlit the chart with its data, for BertViz
  its HTML. **Whole rerun**: from the browser's message to the last answer, everything on the page included.
- **To the browser**: all websocket messages of the rerun that brings the picture and everything beside it;
  for BertViz its HTML. Both uncompressed.
- **Freeze**: the longest time between two animation frames, in which no input is answered. **Task**: the
  longest task of the main thread that the browser reports; it reports none below 50 ms. A freeze is longer
  than its task by what the browser paints after it: without a graphics card on the same thread.
- **Renderer process**: its resident memory after a first visit. **Heap**: JavaScript's part of it, as it
  stands.
- BertViz's neuron view loads only its own copies of old models. Here it is handed the recorded queries,
  keys and weights by a stand-in for model and tokenizer, so it shows the same numbers. It opens folded up;
  “+” shows what attnlit shows at once. Hover and change of head are measured unfolded.
- attnlit's server keeps 2 GB of records here (`ATTNLIT_CACHE_MB=2048`; 160 MB by default), so that no forward
  pass of a long text stands in its times.
- BertViz's three scripts come from npm (jquery 2.1.0 for 2.0.0, which npm lacks), answered inside the
  browser.
"""


def main() -> None:
    asked = _arguments()
    lengths, repeats = ((16,), 1) if asked.quick else (asked.lengths, MEASURED_OFTEN)
    begun = time.monotonic()
    os.environ.update(SETTINGS)
    set_threads()
    results = Results()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.checkpoint or save_random_model(Path(temporary) / "random-bert-base")
        model = attnlit.load(str(folder))
        where = machine()
        scripts = bertviz_side.fetch_scripts(ROOT / "build" / "benchmarks")
        with app() as server, chromium() as browser:
            where += f", Chromium {browser.version}"
            hello = text_of(model.tokenizer, lengths[0])
            attnlit_side.warm_up(browser, server.url, model.source, hello)
            for tokens in lengths:
                print(f"{time.monotonic() - begun:4.0f} s: {tokens} tokens, attnlit", flush=True)
                texts = [text_of(model.tokenizer, tokens, start) for start in range(repeats)]
                records = [attnlit.attend(model, text) for text in texts]
                attnlit_side.measure_server(results, records)
                attnlit_side.measure_browser(results, browser, server.url, model.source, records)
                _first_visits(results, browser, server.url, model, texts, tokens)
                if tokens <= LONGEST_FOR_BERTVIZ:
                    print(f"{time.monotonic() - begun:4.0f} s: {tokens} tokens, BertViz", flush=True)
                    for view in ROWS:
                        bertviz_side.measure(
                            results, browser, records[-1], view, scripts, Path(temporary), repeats
                        )
                seconds = time.monotonic() - begun
                report = _report(results, model, records[-1], where, seconds)
                put(report, asked.out)  # after each length: a failure loses only its own
    print(f"{seconds:4.0f} s: written to {asked.out}\n\n{report}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="attnlit and BertViz side by side")
    parser.add_argument("--quick", action="store_true", help="N = 16 only, everything once")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, help="of the texts, in tokens")
    parser.add_argument("--checkpoint", type=Path, help="folder of a real model, instead of random weights")
    parser.add_argument("--out", type=Path, default=FILE)
    return parser.parse_args()


def _first_visits(
    results: Results, browser: Browser, server: str, model: Model, texts: list[str], tokens: int
) -> None:
    for view in ROWS:
        for text in texts if tokens in FIRST_VISITS else texts[-1:]:
            link = attnlit_side.address(server, view, model.source, text)
            attnlit_side.measure_first_visit(results, browser, link, view, tokens)


def _report(results: Results, model: Model, record: Attention, where: str, seconds: float) -> str:
    packages = ("bertviz", "streamlit", "altair", "transformers", "torch", "playwright")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"""# attnlit beside BertViz

{date.today():%d %B %Y}. {where}. {versions}. {seconds / 60:.0f} minutes.
Model: {model.name}, {record.layers} layers × {record.heads} heads, one sentence of N tokens.

## Goals

{budget_table(results)}

## Measurements

Medians of at least five, or of as many as stand in brackets: fewer only where one takes more than 10 seconds,
for memory, for “+”, and for first visits, which are repeated at N = {" and ".join(map(str, FIRST_VISITS))}.
The ratio says how many times less attnlit needs.

{tables(results)}

## How it was measured

{HOW}"""


if __name__ == "__main__":
    main()
