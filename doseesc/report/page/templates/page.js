"use strict";
const every = (what, where = document) => [...where.querySelectorAll(what)];
const make = (tag, text, look) => Object.assign(document.createElement(tag), {textContent: text}, look);
const data = id => JSON.parse(document.getElementById(id).textContent);
document.documentElement.classList.add("scripted");

// Tables: a hint where there is more to the right, sorting, copying.
const hint = () => every(".scroll").forEach(s => s.classList.toggle("wide-table", s.scrollWidth > s.clientWidth + 1));
hint(); addEventListener("load", hint); addEventListener("resize", hint); document.addEventListener("toggle", hint, true);
every("thead button").forEach(b => b.addEventListener("click", () => {
  const th = b.parentElement, body = th.closest("table").tBodies[0], place = [...th.parentElement.children].indexOf(th);
  const up = th.getAttribute("aria-sort") !== "ascending";
  const key = r => { const c = r.children[place]; return c.dataset.key === undefined ? c.textContent : +c.dataset.key; };
  const order = (x, y) => typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", {numeric: true});
  every("th", th.parentElement).forEach(t => t.setAttribute("aria-sort", "none"));
  th.setAttribute("aria-sort", up ? "ascending" : "descending");
  body.append(...[...body.rows].sort((a, z) => order(key(a), key(z)) * (up ? 1 : -1)));
}));
every(".copy").forEach(b => b.addEventListener("click", () => {
  const rows = [...document.getElementById(b.dataset.for).rows];
  const area = make("textarea", "");
  area.value = rows.map(r => [...r.children].map(c => c.textContent.trim().replace(/\s+/g, " ")).join("\t")).join("\n");
  document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
  b.textContent = "Copied"; setTimeout(() => b.textContent = "Copy table", 1500);
}));

// Values where the pointer rests: what browsers show late from <title>, at once.
const tip = document.getElementById("tip");
every(".chart title").forEach(t => { t.parentNode.dataset.tip = t.textContent; t.remove(); });
document.addEventListener("pointermove", event => {
  const over = event.target.closest ? event.target.closest("[data-tip]") : null;
  tip.hidden = !over;
  if (!over) return;
  tip.textContent = over.dataset.tip;
  tip.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = (event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18) + "px";
});

// Designs can be taken out of all charts.
every("[data-toggle]").forEach(b => b.addEventListener("click", () => {
  const on = b.getAttribute("aria-pressed") !== "true";
  b.setAttribute("aria-pressed", on);
  every(`.chart [data-design="${b.dataset.toggle}"]`).forEach(g => g.classList.toggle("off", !on));
}));

// The sliders weigh the true MTDs.
const sliders = every(".sliders input");
if (sliders.length) {
  const own = data("verdict-data"), start = sliders.map(s => s.value), scores = document.getElementById("scores");
  const exact = own.levels.map(l => sum(own.weights, own.trueMtds.map(t => +(t === l))));
  const show = () => {
    const asked = sliders.map(s => +s.value), untouched = sliders.every((s, k) => s.value === start[k]);
    const weights = untouched ? exact : asked, total = weights.reduce((a, b) => a + b, 0);
    sliders.forEach((s, k) => document.getElementById(`share-${s.dataset.level}`).value = total ? (100 * weights[k] / total).toFixed(0) + " %" : "–");
    if (!total) return;
    const found = verdict(own, weights);
    document.getElementById("live").textContent = found.headline;
    document.getElementById("live-price").textContent = found.price.join(" ");
    const top = Math.max(...found.scores, 0.01);
    scores.replaceChildren(...found.order.slice(0, 6).map(d => {
      const line = make("div", "", {className: found.leaders.includes(d) ? "score lead" : "score"}), bar = make("i", "");
      bar.style.width = Math.max(0, 100 * found.scores[d] / top) + "%";
      line.append(make("span", own.designs[d]), make("span", ""), make("span", percent(found.scores[d]) + " %"));
      line.children[1].append(bar);
      return line;
    }));
  };
  sliders.forEach(s => s.addEventListener("input", show));
  document.getElementById("reset").addEventListener("click", () => { sliders.forEach((s, k) => s.value = start[k]); show(); });
  show();
}

// Trees are clicked through: what follows these outcomes, why, and how likely that is.
const walks = data("walk-data");
every(".walk").forEach(box => {
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

// The contents say where one is.
const links = every("nav a"), marks = links.map(a => document.getElementById(a.hash.slice(1)));
const where = () => {
  const at = marks.reduce((last, mark, k) => mark.getBoundingClientRect().top < 120 ? k : last, 0);
  links.forEach((a, k) => k === at ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current"));
};
addEventListener("scroll", where, {passive: true}); where();
// A link into something folded opens it.
const unfold = () => {
  const goal = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = goal; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  if (goal) goal.scrollIntoView();
};
addEventListener("hashchange", unfold); unfold();
