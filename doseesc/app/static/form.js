"use strict";
/* The form: typing, choosing, adding, removing; what is wrong stands beside its field. */
const refill = html => {
  const open = every("details[open]", $("form")).map(each => each.dataset.open), at = document.activeElement;
  const path = at && at.closest && at.closest("#form [data-path]"), kept = path && path.dataset.path;
  $("form").innerHTML = html;
  every("details", $("form")).forEach(each => each.open = open.includes(each.dataset.open));
  (waiting ? [...waiting.edits.values()] : []).forEach(each => { // what was typed meanwhile
    const field = every(".field", $("form")).find(one => one.dataset.path === JSON.stringify(each.path));
    const input = field && field.querySelector("[data-kind]");
    if (input && each.value !== undefined) input.value = each.value;
  });
  const again = kept && every("[data-path]", $("form")).find(each => each.dataset.path === kept);
  const input = again && again.querySelector("input,select,button,summary");
  if (input) input.focus();
};
const wrong = (problems, whole) => {
  every(".wrong", $("form")).forEach(each => { each.hidden = true; each.textContent = ""; });
  every("[aria-invalid]", $("form")).forEach(each => { each.removeAttribute("aria-invalid"); each.removeAttribute("aria-describedby"); });
  $("text-wrong").textContent = whole; $("text-wrong").hidden = !whole;
  if (!problems.length) return;
  document.body.classList.add("stale");
  const left = problems.filter((problem, k) => {
    for (let path = JSON.parse(problem.path); path.length; path = path.slice(0, -1)) {
      const place = every("[data-path]", $("form")).find(each => each.dataset.path === JSON.stringify(path));
      const line = place && [...place.children].find(each => each.matches(".wrong"));
      if (!line) continue;
      line.id = `wrong-${k}`; line.hidden = false;
      line.textContent += `${line.textContent ? " " : ""}${place.matches(".field") ? "" : problem.field + " "}${problem.words}`;
      const input = place.matches(".field") && place.querySelector("input,select");
      if (input) { input.setAttribute("aria-invalid", "true"); input.setAttribute("aria-describedby", line.id); }
      for (let box = place.parentElement; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
      return false;
    }
    return true;
  });
  const named = left.map(each => `${each.field || study.name} ${each.words}`);
  if (named.length) trouble(named.join(". "));
  $("said").textContent = lastHeadline = `Not usable as it is: ${problems.map(each => `${each.field} ${each.words}`).join(". ")}`;
};

const place = element => JSON.parse(element.closest("[data-path]").dataset.path);
$("form").addEventListener("submit", event => event.preventDefault());
$("form").addEventListener("input", event => {
  const at = event.target;
  if (at.matches(".slide")) {
    const field = every(".field", $("form")).find(each => each.dataset.path === at.dataset.for);
    field.querySelector("input").value = at.value;
    ask({edits: [{path: JSON.parse(at.dataset.for), kind: "number", value: at.value}]});
  } else if (at.dataset.kind) {
    const path = place(at), slide = every(".slide", $("form")).find(each => each.dataset.for === JSON.stringify(path));
    if (slide) slide.value = at.value;
    ask({edits: [{path, kind: at.dataset.kind, value: at.value}], form: path[path.length - 1] === "type"});
  }
});
$("form").addEventListener("change", event => {
  const at = event.target;
  if (at.dataset.add !== undefined && at.value) {
    const path = [...JSON.parse(at.dataset.add), at.dataset.key, +at.dataset.at];
    ask({edits: [{path, kind: at.dataset.key === "rules" ? "rule" : "design", value: at.value}], form: true});
  } else if (at.dataset.kind === "list" || (at.dataset.kind && /"name"\]$/.test(at.closest("[data-path]").dataset.path))) ask({form: true}); // others name it
});
$("form").addEventListener("click", event => {
  const at = event.target.closest("button");
  if (!at) return;
  if (at.dataset.remove) ask({edits: [{path: JSON.parse(at.dataset.remove), kind: "remove"}], form: true});
  else if (at.dataset.item) ask({edits: [{path: [...JSON.parse(at.dataset.list), +at.dataset.at], kind: "value", value: at.dataset.item}], form: true});
  else if (at.dataset.scenario) ask({edits: [{path: ["scenarios", +at.dataset.scenario], kind: "scenario"}], form: true});
});

// What a field means, in the words of  doseesc explain .  Its place is always kept: nothing may move under a pointer that is down.
$("form").addEventListener("focusin", event => { if (event.target.title) { $("meaning").textContent = event.target.title; $("meaning").scrollTop = 0; } });

$("to-form").addEventListener("click", () => { $("form").scrollIntoView(); $("form").querySelector("input").focus({preventScroll: true}); });
