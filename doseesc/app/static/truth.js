"use strict";
/* The truth that is dragged on the page Explore: the report's panel, and what is done with the curve. */
let remembering = 0;
const dragging = given => {
  $("drag").hidden = !given.designs.length; $("drag-not").hidden = !!given.designs.length;
  if (!given.designs.length) { $("drag-not").textContent = `The truth cannot be dragged here. ${given.notes.join(" ")}`; return; }
  if (!panel) panel = truthPanel($("truth"), given, {changed, durations});
  else {
    const {moved, scenario} = panel.state();
    panel.replace(given);
    const own = given.scenarios.find(each => each.name === scenario);
    if (!moved && own) panel.set(own.dlt, own.name); // what was typed for it
  }
  if (begun && begun.truth.length === given.doses.length) panel.set(begun.truth, begun.scenario);
  begun = null;
};
const durations = (truth, scenario, designs) => post("durations", {name: study.name, text: study.text, truth, scenario: scenario || "", designs});
const changed = ({truth, scenario, moved}) => {
  const scenarios = every(".scenario", $("form")), k = scenarios.findIndex(each => each.querySelector("input").value === scenario);
  const listed = k >= 0 && every('[data-path*=\',"dlt",\'] input', scenarios[k]).length === truth.length;
  $("write-truth").hidden = !moved || !listed; $("add-truth").hidden = !moved;
  $("write-truth").textContent = `Write this curve into ${scenario}`;
  clearTimeout(remembering); remembering = setTimeout(remember, 300);
};
$("write-truth").addEventListener("click", () => {
  const {truth, scenario} = panel.state();
  const own = every(".scenario", $("form")).find(each => each.querySelector("input").value === scenario);
  const edits = every('[data-path*=\',"dlt",\'] input', own).map((input, j) => {
    input.value = +truth[j].toFixed(4);
    return {path: place(input), kind: "number", value: input.value};
  });
  panel.set(truth.map(p => +p.toFixed(4)), scenario);
  ask({edits});
});
$("add-truth").addEventListener("click", () => {
  const at = every(".scenario", $("form")).length, truth = panel.state().truth.map(p => +p.toFixed(4)).join(", ");
  ask({edits: [{path: ["scenarios", at], kind: "scenario", value: truth}], form: true});
});
