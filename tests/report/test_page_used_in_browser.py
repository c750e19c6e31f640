"""The report of the shipped scenario in use: clicked, dragged, sorted, copied, and by keyboard."""

import re
from dataclasses import replace

import numpy as np
import pytest

from doseesc.engines.pathways import pathways
from doseesc.report.page.design_charts import as_counted
from doseesc.report.words import decision_words
from doseesc.report.words.verdict import _headline, _price
from doseesc.results.reading import read_results
from doseesc.results.verdict import leaders


def test_a_design_is_taken_out_of_all_charts(tab):
    button = tab.locator("[data-toggle='0']")
    assert button.inner_text() == "3+3"
    shown = "all => all.filter(g => getComputedStyle(g).display !== 'none').length"
    before = tab.eval_on_selector_all(".chart [data-design='0']", shown)
    others = tab.eval_on_selector_all(".chart [data-design='1']", shown)
    assert before == others > 30
    button.click()
    assert tab.eval_on_selector_all(".chart [data-design='0']", shown) == 0
    assert tab.eval_on_selector_all(".chart [data-design='1']", shown) == others
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert tab.eval_on_selector_all(".chart [data-design='0']", shown) == before


def test_values_are_shown_where_the_pointer_rests(tab):
    mark = tab.locator("#figure-overview .wide .mark").first
    mark.hover()
    words = tab.locator("#tip").inner_text()
    assert words == mark.get_attribute("data-tip")
    assert re.match(r"(3\+3|CRM|BOIN), S5: \d+\.\d, right dose selected, % of trials", words)
    tab.mouse.move(1, 1)
    assert not tab.locator("#tip").is_visible()


def test_sliders_move_the_verdict(tab, browser_report):
    own = read_results(browser_report).results.verdict
    assert tab.locator("#live").inner_text() == words_of(own)[0]
    for place, weight in enumerate([0, 0, 0, 100]):
        tab.locator(".sliders input").nth(place).fill(str(weight))
    levels, _ = own.standing.by_true_mtd
    headline, price = words_of(weighed(own, np.where(levels == levels[-1], 1.0, 0.0)))
    assert tab.locator("#live").inner_text() == headline != words_of(own)[0]
    assert tab.locator("#live-price").inner_text() == price
    assert tab.locator("#share-3").inner_text() == "100 %"
    tab.locator("#reset").click()
    assert tab.locator("#live").inner_text() == words_of(own)[0]


def weighed(verdict, by_level, **changes):
    """Return the verdict with these weights of the true MTDs, judged by Python."""
    own = verdict.standing
    levels = np.unique(own.true_mtds)
    total = np.array([own.weights[own.true_mtds == level].sum() for level in own.true_mtds])
    within = own.weights / total
    chosen = within * by_level[np.searchsorted(levels, own.true_mtds)]
    changed = replace(own, weights=chosen / chosen.sum(), **changes)
    return replace(verdict, standing=changed, leaders=leaders(changed, verdict.margin))


def words_of(verdict):
    return _headline(verdict), " ".join(_price(verdict))


def test_the_script_judges_and_speaks_as_python_does(tab, browser_report):
    verdict = read_results(browser_report).results.verdict
    own, generator = verdict.standing, np.random.default_rng(4)
    cases, expected = [], []
    for _ in range(300):
        weights = generator.dirichlet(np.full(len(np.unique(own.true_mtds)), 0.5))
        weights = np.where(weights < 0.05, 0.0, weights)
        changes = {
            "correct": generator.permuted(own.correct, axis=1) if generator.random() < 0.7 else own.correct,
            "overdose": generator.permuted(own.overdose, axis=0),
            "error": generator.random(own.error.shape) * generator.choice([0.0, 0.02]),
            "price": float(generator.choice([0.0, 0.5, 2.0])),
            "worst_case": bool(generator.random() < 0.2),
        }
        found = weighed(verdict, weights, **changes)
        expected.append([*words_of(found), [found.leaders.scores[name] for name in own.designs]])
        plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in changes.items()}
        given = {"penalty": plain.pop("price"), "worstCase": plain.pop("worst_case"), **plain}
        cases.append([given, weights.tolist()])
    told = tab.evaluate(
        """cases => cases.map(([changes, weights]) => {
            const found = verdict({...data("verdict-data"), ...changes}, weights);
            return [found.headline, found.price.join(" "), found.scores]; })""",
        cases,
    )
    assert len({headline for headline, _, _ in told}) > 50
    for ours, theirs in zip(expected, told, strict=True):
        assert theirs[:2] == ours[:2]
        assert theirs[2] == pytest.approx(ours[2], abs=1e-12)


def test_the_tree_is_clicked_through(tab, browser_report):
    results = read_results(browser_report).results
    design = results.verdict.safest_leader
    place = results.study.names.index(design)
    walk = tab.locator(f".walk[data-walk='{design}']")
    tree = tab.locator(f"#figure-tree_{place} .wide")
    paths = pathways(results.study.designs[design], 4)
    node = int(paths.children(int(paths.children(0)[0]))[0])
    tree.locator(f"[data-node='{node}']").click()
    assert walk.get_attribute("data-node") == str(node)
    assert tree.locator(".chosen").count() == 3
    assert decision_words(paths, node, results.study.dose_labels) in walk.locator("b").inner_text()
    reached = {name: paths.probability(as_counted(results, p))[node] for name, p in results.study.truths.items()}
    likeliest = max(reached, key=reached.get)
    shown = re.search(r"happens in ([\d.]+) % of trials in (\w+)", walk.inner_text())
    assert shown[2] == likeliest
    assert float(shown[1]) == pytest.approx(100 * reached[likeliest], rel=0.05)
    walk.get_by_role("button", name="1", exact=True).click()
    deeper = int(paths.children(node)[1])
    assert walk.get_attribute("data-node") == str(deeper)
    assert walk.locator("li").count() == 3
    walk.get_by_role("button", name="From the start").click()
    first = tree.locator("[data-node='1']")
    first.focus()
    tab.keyboard.press("Enter")
    assert walk.get_attribute("data-node") == "1"


def test_a_table_is_sorted_up_and_down_by_its_numbers(tab):
    tab.evaluate("document.getElementById('t-selection').closest('details').open = true")
    table = tab.locator("#t-selection")
    head = table.locator("thead th").filter(has_text="correct")
    place = table.locator("thead th").all_text_contents().index(head.text_content())

    def column():
        cells = table.locator(f"tbody tr > :nth-child({place + 1})").evaluate_all("all => all.map(c => +c.dataset.key)")
        assert len(cells) == 27
        return cells

    before = column()
    head.locator("button").click()
    assert column() == sorted(before) != before
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert column() == sorted(before, reverse=True)
    assert table.locator("th[aria-sort=descending]").count() == 1


def test_a_table_is_copied_with_tabs_between_its_cells(tab):
    button = tab.locator("#table-summary .copy")
    button.click()
    assert button.text_content() == "Copied"
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea id=pasted></textarea>')")
    tab.locator("#pasted").focus()
    tab.keyboard.press("Control+V")
    pasted = tab.locator("#pasted").input_value()
    tab.evaluate("document.getElementById('pasted').remove()")
    lines = [line.split("\t") for line in pasted.split("\n")]
    assert [line[0] for line in lines] == ["design", "3+3", "CRM", "BOIN"]
    assert {len(line) for line in lines} == {8}
    assert lines[0][1] == "correct selection, %"


def test_page_is_used_by_keyboard(tab):
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Tab")
    passed = set()
    for _ in range(60):
        passed.add(tab.evaluate("document.activeElement.className.split(' ')[0] || document.activeElement.tagName"))
        if tab.evaluate("document.activeElement.className.split(' ')[0]") == "scroll":
            break
        tab.keyboard.press("Tab")
    assert {"A", "INPUT", "copy"} <= passed
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.getAttribute('aria-sort')") == "ascending"
