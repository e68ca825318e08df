"""The report in a real browser: it loads in silence, sorts, filters, plays, and asks nobody for anything."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from semtool.experiments.report import report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"), pytest.mark.slow]


def _world():
    path = Path(__file__).resolve().parents[1] / "report_world.py"
    spec = importlib.util.spec_from_file_location("report_world", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORLD = _world()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of a run of MLA, of a comparison, and of a run whose inputs are gone."""
    folder = tmp_path_factory.mktemp("pages")
    store = WORLD.build(folder)
    made = {name: report(name, folder / f"{name}.html", store=store).path for name in ("mla", "both")}
    for kind in ("arrays", "features", "embeddings", "descriptions"):
        shutil.rmtree(store.root / kind)
    made["bare"] = report("mla", folder / "bare.html", store=store).path
    return made


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        # In a container Chromium has no sandbox of its own; the pages are ours.
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page, and everything it complained about or asked for."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        self.page = self.context.new_page()
        self.complaints, self.requests = [], []
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.url = path.as_uri()
        self.page.goto(self.url)
        self.page.wait_for_selector("html[data-ready]")


@pytest.fixture
def visit(browser, pages):
    opened = []

    def go(name, **options):
        opened.append(Watched(browser, pages[name], **options))
        return opened[-1]

    yield go
    for watched in opened:
        assert watched.complaints == []
        assert [u for u in watched.requests if not u.startswith("data:")] == [watched.url]
        assert watched.page.evaluate("window.hacked") is None
        watched.context.close()


def rows(page, part="confusion"):
    return page.locator(f"[data-part={part}] .stage canvas").get_attribute("data-rows").split()


@pytest.mark.parametrize("name", ["mla", "both", "bare"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_loads_in_silence_and_nothing_spills(visit, name, scheme):
    for width in (1280, 380):
        page = visit(name, color_scheme=scheme, viewport={"width": width, "height": 800}).page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("h1").inner_text() == {"bare": "mla"}.get(name, name)


def test_confusion_sorts_and_filters(visit):
    page = visit("mla").page
    assert rows(page) == [str(c) for c in WORLD.UNSEEN]
    page.select_option("#confusion-order", "name")
    by_name = sorted(WORLD.UNSEEN, key=lambda c: WORLD.NAMES[c])
    shown = [WORLD.NAMES[int(c)] for c in rows(page)]
    assert shown == page.evaluate(
        "names => names.sort((a, b) => a.localeCompare(b))", [WORLD.NAMES[c] for c in by_name]
    )
    page.select_option("#confusion-order", "right")
    shares = page.evaluate(
        "() => { const d = JSON.parse(document.getElementById('data').textContent);"
        "return Object.fromEntries(Object.entries(d.cells[0].per_class).map(([c, r]) => [c, r.mean])); }"
    )
    order = [shares[c] for c in rows(page)]
    assert order == sorted(order)
    page.fill("#confusion-filter", "nothing is called so")
    assert rows(page) == []
    assert "0 of 4 classes" in page.locator("#confusion-count").inner_text()
    page.fill("#confusion-filter", "bow")
    assert "6" in rows(page)


def test_heat_maps_by_granularity_sort_and_filter(visit):
    page = visit("mla").page
    buttons = page.locator("[data-part=similarity] .thumbs button")
    assert buttons.all_inner_texts() == ["all texts", "label", "motion", "part"]
    buttons.nth(3).click()
    assert buttons.nth(3).get_attribute("aria-pressed") == "true"
    page.select_option("#similarity-order", "catalogue")
    assert rows(page, "similarity") == [str(c) for c in range(len(WORLD.NAMES))]
    page.fill("#similarity-filter", "sit")
    assert rows(page, "similarity") == ["3"]


def test_matrix_by_keyboard(visit):
    page = visit("mla").page
    page.locator("[data-part=confusion] .stage canvas").focus()
    page.keyboard.press("ArrowDown")
    readout = page.locator("[data-part=confusion] .readout")
    assert WORLD.EVIL_NAME in readout.inner_text()
    page.keyboard.press("ArrowDown")
    assert WORLD.EVIL_IMAGE in readout.inner_text()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('details').id") == f"class-{WORLD.UNSEEN[1]}"
    assert page.locator(f"#class-{WORLD.UNSEEN[1]}").get_attribute("open") is not None


def test_player_plays_pauses_and_turns(visit):
    page = visit("mla").page
    canvas = page.locator("[data-part=skeletons] .stage canvas")
    assert canvas.get_attribute("data-frame") == "0"
    page.locator("#play").click()
    playwright.expect(canvas).to_have_attribute("data-frame", re.compile(r"^([3-9]|[12]\d|3[01])$"))
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Play"
    canvas.focus()
    before = canvas.get_attribute("data-frame")
    page.keyboard.press(".")
    assert canvas.get_attribute("data-frame") != before
    drawn = page.evaluate("document.querySelector('[data-part=skeletons] canvas').toDataURL()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('[data-part=skeletons] canvas').toDataURL()") != drawn
    page.keyboard.press(" ")
    playwright.expect(page.locator("#play")).to_have_text("Pause")
    samples = page.locator(".samples button")
    samples.nth(1).click()
    assert samples.nth(1).get_attribute("aria-current") == "true"


def test_map_by_keyboard_and_class_cards(visit):
    page = visit("mla").page
    page.locator("[data-part=map] .stage canvas").focus()
    page.keyboard.press("ArrowRight")
    assert WORLD.EVIL_NAME in page.locator("[data-part=map] .readout").inner_text()
    page.keyboard.press("Enter")
    card = page.locator("#class-2")
    assert card.get_attribute("open") is not None
    playwright.expect(card).to_contain_text(WORLD.EVIL_TEXT.split("\u2028")[0].strip())
    playwright.expect(card).to_contain_text("attended to")
    page.fill("#class-filter", "bow")
    assert page.locator("details.card").count() == 1


def test_comparison_changes_cell_sorts_and_shows_gains(visit):
    page = visit("both").page
    assert "rich is better than plain" in page.locator("#differences").inner_text()
    gains = [float(g.get_attribute("data-gain")) for g in page.locator(".gain").all()]
    assert len(gains) == len(WORLD.UNSEEN)
    assert gains == sorted(gains, reverse=True)
    texts = page.locator("table.accuracy tbody tr:not(.head) a")
    page.locator("table.accuracy th button.sort", has_text="Mean").first.click()
    shown = page.locator("table.accuracy tbody tr:not(.head) td[data-value]:has(strong)").all()
    means = [float(td.get_attribute("data-value")) for td in shown]
    assert means == sorted(means, reverse=True)
    texts.filter(has_text="rich").click()
    assert page.locator("#cell").input_value() == "1"
    assert "under the text rich" in page.locator("#classes").inner_text()
    page.select_option("#cell", "0")
    assert "under the text plain" in page.locator("#classes").inner_text()
    assert "Others:" in page.locator("#skeletons").inner_text()
    page.locator("#differences select").select_option("better")
    assert page.locator("table.differences tbody tr:visible").count() == 1


def test_theme_button(visit):
    page = visit("mla", color_scheme="light").page
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.locator("#theme").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(colour) != light
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_prints_in_light_without_controls(visit):
    watched = visit("both", color_scheme="dark")
    watched.page.emulate_media(media="print")
    assert not watched.page.locator("#confusion .controls").is_visible()
    assert watched.page.locator("#confusion canvas").is_visible()
    assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert watched.page.pdf(format="A4").startswith(b"%PDF")


def test_what_is_gone_is_said_in_its_section(visit):
    page = visit("bare").page
    for part, words in (
        ("similarity", "Without its embedding file"),
        ("map", "The map cannot be drawn"),
        ("skeletons", "cannot be shown"),
    ):
        assert words in page.locator(f"#{part} .missing:visible").inner_text()
    assert page.locator("#confusion canvas").is_visible()


def test_every_control_is_reached_by_tab_and_shows_focus(visit):
    page = visit("mla").page
    wanted = page.evaluate(
        "() => [...document.querySelectorAll('button, select, input, canvas[tabindex], summary, nav a')]"
        ".filter(e => e.offsetParent !== null && !e.disabled).length"
    )
    reached = 0
    for _ in range(wanted + 60):
        page.keyboard.press("Tab")
        state = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return null;"
            "const first = !e.dataset.reached; e.dataset.reached = '1';"
            "return [first, getComputedStyle(e).outlineStyle, e.tagName]; }"
        )
        if state is None:
            break
        assert state[1] != "none", state
        reached += state[0]
    missed = page.evaluate(
        "() => [...document.querySelectorAll('button, select, input, canvas[tabindex], summary, nav a')]"
        ".filter(e => e.offsetParent !== null && !e.disabled && !e.dataset.reached)"
        ".map(e => e.outerHTML.slice(0, 90))"
    )
    assert missed == []
    assert reached > 30


def test_controls_have_names(visit):
    page = visit("both").page
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, select, input')].filter(e => e.offsetParent !== null)"
        ".filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() && e.tagName === 'BUTTON'"
        " || [...(e.labels || [])].some(l => l.textContent.trim()))).map(e => e.outerHTML.slice(0, 90))"
    )
    assert nameless == []
