"use strict";
document.documentElement.classList.add("scripted");
dress();

// What would change the answer is told in full where there is room, and on paper.
const flips = document.querySelector(".flips"), phone = matchMedia("(max-width:44rem)");
const told = () => { if (flips) flips.open = !phone.matches; };
told(); phone.addEventListener("change", told);
addEventListener("beforeprint", () => { if (flips) flips.open = true; }); addEventListener("afterprint", told);

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

if (document.getElementById("walk-data")) walkTrees(data("walk-data"));

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
