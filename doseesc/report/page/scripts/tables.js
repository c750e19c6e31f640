"use strict";
/* Tables and charts, wherever they are put into the page and whenever: a hint where a table goes on to the right, sorting,
copying, what a chart says where the pointer rests, and designs taken out of charts.  After putting something into the
page:  dress(element). */
const every = (what, where = document) => [...where.querySelectorAll(what)];
const make = (tag, text, look) => Object.assign(document.createElement(tag), {textContent: text}, look);
const data = id => JSON.parse(document.getElementById(id).textContent);

const hint = () => every(".scroll").forEach(s => s.classList.toggle("wide-table", s.scrollWidth > s.clientWidth + 1));
addEventListener("load", hint); addEventListener("resize", hint); document.addEventListener("toggle", hint, true);
const sorted = button => {
  const th = button.parentElement, body = th.closest("table").tBodies[0], place = [...th.parentElement.children].indexOf(th);
  const up = th.getAttribute("aria-sort") !== "ascending";
  const key = r => { const c = r.children[place]; return c.dataset.key === undefined ? c.textContent : +c.dataset.key; };
  const order = (x, y) => typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", {numeric: true});
  every("th", th.parentElement).forEach(t => t.setAttribute("aria-sort", "none"));
  th.setAttribute("aria-sort", up ? "ascending" : "descending");
  body.append(...[...body.rows].sort((a, z) => order(key(a), key(z)) * (up ? 1 : -1)));
};
const copied = button => {
  const rows = [...document.getElementById(button.dataset.for).rows];
  const area = make("textarea", "");
  area.value = rows.map(r => [...r.children].map(c => c.textContent.trim().replace(/\s+/g, " ")).join("\t")).join("\n");
  document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
  button.textContent = "Copied"; setTimeout(() => button.textContent = "Copy table", 1500);
};
const toggled = button => { // a design is taken out of all charts, or put back
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", on);
  every(`.chart [data-design="${button.dataset.toggle}"]`).forEach(g => g.classList.toggle("off", !on));
};
document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("thead button")) sorted(button);
  else if (button.matches(".copy")) copied(button);
  else if (button.dataset.toggle !== undefined) toggled(button);
});

// Values where the pointer rests: what browsers show late from <title>, at once.
const tip = document.getElementById("tip");
document.addEventListener("pointermove", event => {
  const over = event.target.closest ? event.target.closest("[data-tip]") : null;
  tip.hidden = !over;
  if (!over) return;
  tip.textContent = over.dataset.tip;
  tip.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = (event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18) + "px";
});
const dress = (where = document) => {
  every(".chart title", where).forEach(t => { t.parentNode.dataset.tip = t.textContent; t.remove(); });
  hint();
};
