"use strict";
// Trees are clicked through: what follows these outcomes, why, and how likely that is.
const walkTrees = (walks, where = document) => every(".walk", where).forEach(box => {
  const tree = walks[box.dataset.walk], figure = document.getElementById(box.dataset.tree);
  const ways = (n, k) => k ? ways(n, k - 1) * (n - k + 1) / k : 1;
  const children = node => tree.parent.flatMap((parent, k) => parent === node ? [k] : []);
  const route = node => node > 0 ? [...route(tree.parent[node]), node] : [0];
  const chance = (node, truth) => route(node).slice(1).reduce((product, each) => {
    const before = tree.parent[each], n = tree.size[before], y = tree.dlts[each], p = truth[tree.level[before] - 1];
    return product * ways(n, y) * p ** y * (1 - p) ** (n - y);
  }, 1);
  const show = node => {
    box.dataset.node = node;
    const steps = route(node).slice(1), list = make("ol", "");
    steps.forEach(each => {
      const before = tree.parent[each];
      list.append(make("li", `${tree.dlts[each]} DLT of ${tree.size[before]} at ${tree.doses[tree.level[before] - 1]}: ${tree.texts[tree.said[each]]}.`));
    });
    const words = make("p", ""), ask = make("div", "", {className: "ask"});
    words.append(make("b", steps.length ? `Then ${tree.texts[tree.said[node]]}. ` : `First: ${tree.texts[tree.said[0]]}. `));
    if (steps.length) {
      const likely = Object.entries(tree.truths).map(([name, truth]) => [name, chance(node, truth)]).sort((a, b) => b[1] - a[1]);
      const shown = likely.length > 2 ? [likely[0], likely[likely.length - 1]] : likely;
      words.append(`${tree.reasons[tree.reason[node]]} This happens in ${shown.map(([name, p]) => `${(100 * p).toPrecision(2)} % of trials in ${name}`).join(", ")}.`);
    }
    const next = children(node);
    if (next.length) {
      ask.append(`DLTs among the next ${tree.size[node]} patients at ${tree.doses[tree.level[node] - 1]}?`);
      next.forEach(each => ask.append(make("button", tree.dlts[each], {type: "button", onclick: () => show(each)})));
    } else if (tree.level[node]) ask.append("Further than this: doseesc next.");
    if (node) ask.append(make("button", "Back", {type: "button", onclick: () => show(tree.parent[node])}), make("button", "From the start", {type: "button", onclick: () => show(0)}));
    const focused = box.contains(document.activeElement);
    box.replaceChildren(make("p", "Click through the trial", {className: "how"}), list, words, ask);
    box.setAttribute("aria-live", "polite");
    if (focused) box.querySelector("button").focus();
    every(".node", figure).forEach(g => g.classList.toggle("chosen", route(node).includes(+g.dataset.node)));
  };
  every("svg", figure).forEach(svg => svg.setAttribute("role", "group"));
  every(".node", figure).forEach(g => {
    g.setAttribute("role", "button"); g.setAttribute("tabindex", "0"); g.setAttribute("aria-label", g.dataset.tip);
    g.addEventListener("click", () => show(+g.dataset.node));
    g.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(+g.dataset.node); } });
  });
  show(0);
});
