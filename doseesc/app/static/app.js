"use strict";
/* The app's page.  The study is its file's text, kept here and in the address; what is typed is sent as changes of that
text, and what comes back replaces the answer.  One request is under way at a time, and the newest state wins. */
const $ = id => document.getElementById(id);
const start = data("start");
let study = {name: start.name, text: start.text}, waiting = null, busy = false, job = null, lastHeadline = "";
let panel = null, begun = null; // the truth that is dragged, and the one that the address began with

// The address holds the study, packed: a copy of it, a reload and "back" show the same.
const packed = async (text, way) => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const stream = new Blob([bytes]).stream().pipeThrough(way);
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
const toAddress = async ({name, text}) => {
  const dragged = panel && panel.state(), truth = dragged && dragged.moved ? [dragged.truth, dragged.scenario] : [];
  const bytes = await packed(JSON.stringify([name, text, ...truth]), new CompressionStream("deflate-raw"));
  return "#" + btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
};
const fromAddress = async hash => {
  const bytes = Uint8Array.from(atob(hash.slice(1).replace(/-/g, "+").replace(/_/g, "/")), each => each.charCodeAt(0));
  const [name, text, truth, scenario] = JSON.parse(new TextDecoder().decode(await packed(bytes, new DecompressionStream("deflate-raw"))));
  begun = Array.isArray(truth) && truth.every(p => p >= 0 && p <= 1) ? {truth, scenario} : null;
  return {name: String(name), text: String(text)};
};

// Asking: changes gather while a request is under way, a later one of the same place replaces an earlier.
const post = async (where, body) => {
  const how = {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
  let got = await fetch(where, how);
  for (let again = 5; again && got.status === 503; again--) { await wait(1000); got = await fetch(where, how); } // others are being answered
  const json = (got.headers.get("Content-Type") || "").includes("json");
  const said = json ? await got.json() : {message: await got.text()};
  if (!got.ok && !said.state) throw new Error(said.message || got.statusText);
  return said;
};
const ask = ({edits = [], form = false, whole = null} = {}) => {
  waiting = waiting || {edits: new Map(), form: false};
  if (whole) { study = whole; waiting.edits.clear(); }
  edits.forEach(each => waiting.edits.set(JSON.stringify(each.path), each));
  waiting.form = waiting.form || form;
  send();
};
const send = async () => {
  if (busy || !waiting) return;
  const {edits, form} = waiting, asked = study;
  waiting = null; busy = true;
  document.body.classList.add("asking");
  try {
    const got = await post("state", {name: asked.name, text: asked.text, edits: [...edits.values()], form});
    if (study === asked) { // else another file was loaded meanwhile
      study = {name: got.name, text: got.text};
      show(got);
    }
  } catch (error) { trouble(`No answer: ${error.message}. What is on the screen is as it was.`); }
  busy = false;
  document.body.classList.remove("asking");
  send();
};

// Showing what came back.
const trouble = words => { $("trouble").textContent = words; $("trouble").hidden = !words; };
const show = async got => {
  trouble(got.message || "");
  if (got.title) { $("title").textContent = got.title; document.title = `${got.title} · doseesc`; }
  if (got.form) refill(got.form);
  if (document.activeElement !== $("text")) $("text").value = got.text;
  if (got.command) { $("command").textContent = got.command; $("python").textContent = got.python; }
  wrong(got.problems || [], got.whole || "");
  $("warnings").replaceChildren(...(got.warnings || []).map(words => make("li", words)));
  await quit();
  if (got.job) await follow(got.job);
  else if (got.answer) answered(got);
  await remember();
};
const remember = async () => history.replaceState(null, "", await toAddress(study));
const answered = got => {
  $("answer").innerHTML = got.answer; $("further").innerHTML = got.further;
  dress($("answer")); dress($("further"));
  dragging(got.panel);
  document.body.classList.remove("stale");
  if (!$("decisions").hidden) decide();
  if (got.headline !== lastHeadline) $("said").textContent = lastHeadline = got.headline;
};

// The truth: dragged in the page, without the server, by the report's panel.
let remembering = 0;
const dragging = given => {
  $("drag").hidden = !given.designs.length; $("drag-not").hidden = !!given.designs.length;
  if (!given.designs.length) { $("drag-not").textContent = `The truth cannot be dragged here. ${given.notes.join(" ")}`; return; }
  if (!panel) panel = truthPanel($("truth"), given, {changed});
  else {
    const {moved, scenario} = panel.state();
    panel.replace(given);
    const own = given.scenarios.find(each => each.name === scenario);
    if (!moved && own) panel.set(own.dlt, own.name); // what was typed for it
  }
  if (begun && begun.truth.length === given.doses.length) panel.set(begun.truth, begun.scenario);
  begun = null;
};
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

// Long questions: progress, and a way out.
const wait = ms => new Promise(done => setTimeout(done, ms));
const quit = async () => {
  if (job) await post(`jobs/${job}/cancel`, {}).catch(() => null);
  job = null; $("working").hidden = true;
};
const running = new Set(); // the jobs that this page waits for, none of which is left behind
addEventListener("pagehide", () => running.forEach(name => fetch(`jobs/${name}/cancel`, {method: "POST", keepalive: true, headers: {"Content-Type": "application/json"}, body: "{}"})));
const watch = async (name, told) => { // asks until the job is over; null when it is no longer wanted
  running.add(name);
  try {
    for (let pause = 150; ; pause = Math.min(pause * 1.3, 1000)) {
      const got = await (await fetch(`jobs/${name}`)).json();
      if (!told(got)) return null;
      if (got.state !== "running") return got;
      await wait(pause);
    }
  } finally { running.delete(name); }
};
const follow = async name => {
  job = name; $("working").hidden = false;
  document.body.classList.add("stale");
  const over = watch(name, got => {
    if (job !== name) return false;
    $("working-words").textContent = `This takes longer. ${got.what}`;
    if (got.total) { $("working-bar").max = got.total; $("working-bar").value = got.done; } else $("working-bar").removeAttribute("value");
    return true;
  });
  over.then(got => {
    if (!got) return;
    job = null; $("working").hidden = true;
    if (got.answer) answered(got); else trouble(got.state === "cancelled" ? "Cancelled. The answer is that of the study before." : got.message);
  }).catch(error => trouble(`No answer: ${error.message}`));
};
$("working-cancel").addEventListener("click", quit);

// Further questions: each has its own place for progress and for the answer; a new one takes the place of the last.
const asking = {}; // by place: what is asked there
const inquire = async (place, question, more = {}) => {
  const box = $(place), token = asking[place] = {};
  const words = make("p", "Asking …"), bar = make("progress", ""), stop = make("button", "Cancel", {type: "button", className: "plain"});
  const line = make("div", "", {className: "box progress"});
  bar.setAttribute("aria-label", "progress");
  line.append(words, bar, stop); box.replaceChildren(line);
  const over = told => { if (asking[place] === token) { asking[place] = null; box.replaceChildren(make("p", told, {className: "box trouble"})); } };
  try {
    const begun = await post("ask", {name: study.name, text: study.text, question, ...more});
    if (!begun.job) return over(begun.message);
    const cancel = () => post(`jobs/${begun.job}/cancel`, {}).catch(() => null);
    stop.addEventListener("click", () => { cancel(); over("Cancelled."); });
    if (asking[place] !== token) return cancel();
    const got = await watch(begun.job, told => {
      if (asking[place] !== token) { cancel(); return false; }
      words.textContent = told.total ? `${told.what}: ${told.done} of ${told.total}` : told.what;
      if (told.total) { bar.max = told.total; bar.value = told.done; } else bar.removeAttribute("value");
      return true;
    });
    if (!got) return;
    if (got.file) {
      const link = make("a", `Save ${got.file}`, {href: `jobs/${begun.job}/file`, download: got.file, className: "plain"});
      asking[place] = null; box.innerHTML = got.code; box.prepend(link); link.click();
    } else if (got.html) {
      asking[place] = null; box.innerHTML = got.html + got.code; dress(box); walkTrees(got.walks || {}, box);
    } else over(got.message);
  } catch (error) { over(`No answer: ${error.message}`); }
};
$("ask").addEventListener("click", event => {
  const {question, truth} = event.target.dataset;
  if (question) {
    inquire("ask-said", question, panel ? {truth: panel.state().truth} : {});
    if ($("ask-said").getBoundingClientRect().top > 0.6 * innerHeight) $("ask-said").scrollIntoView(); // below the questions on a phone
  }
  if (truth && panel) { turn($("tab-explore")); panel.set(JSON.parse(truth), null); $("drag").scrollIntoView(); }
});
$("answer").addEventListener("click", event => {
  const {ask: question} = event.target.dataset;
  if (question) { turn($("tab-ask")); inquire("ask-said", question); $("ask-said").scrollIntoView({block: "nearest"}); }
});
let decidedFor = "";
const decide = () => {
  const names = panel ? every('#form .item:not(.scenario) [data-path$=\'"name"]\'] input').map(each => each.value) : [], chosen = $("decided").value;
  $("decided").replaceChildren(...names.map(each => make("option", each, {selected: each === chosen})));
  const asked = JSON.stringify([$("decided").value, study.text]);
  if (!names.length) {
    decidedFor = ""; asking["decisions-said"] = null;
    $("decisions-said").replaceChildren(make("p", "No design can be shown until the study on the page Explore is usable and answered.", {className: "box trouble"}));
  } else if (asked !== decidedFor) { decidedFor = asked; inquire("decisions-said", "decisions", {design: $("decided").value}); }
};
$("decided").addEventListener("change", decide);
document.addEventListener("turned", event => { if (event.detail === "decisions") decide(); });

// Typing, choosing, adding, removing.
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
  else if (at.dataset.scenario) ask({edits: [{path: ["scenarios", +at.dataset.scenario], kind: "scenario"}], form: true});
});

$("to-form").addEventListener("click", () => { $("form").scrollIntoView(); $("form").querySelector("input").focus({preventScroll: true}); });

// The file.
const load = whole => ask({whole, form: true});
$("load").addEventListener("change", async event => {
  const file = event.target.files[0];
  if (file && file.size > 1e6) trouble(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB; a scenario file has at most 1 MB`);
  else if (file) {
    try { load({name: file.name, text: new TextDecoder("utf-8", {fatal: true}).decode(await file.arrayBuffer())}); } catch { trouble(`${file.name} is not UTF-8 text, as scenario files are; the study is as it was`); }
  }
  event.target.value = "";
});
$("shipped").addEventListener("change", async event => {
  if (event.target.value) load(await (await fetch(`shipped/${encodeURIComponent(event.target.value)}`)).json());
});
$("text").addEventListener("input", event => load({name: study.name, text: event.target.value}));
$("save").addEventListener("click", () => {
  const link = make("a", "", {href: URL.createObjectURL(new Blob([study.text], {type: "application/yaml"})), download: study.name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
$("copy-link").addEventListener("click", async event => {
  const button = event.target;
  try { await navigator.clipboard.writeText(location.href); button.textContent = "Copied"; } catch { button.textContent = "Not copied: take the address of the page"; }
  await wait(2500); button.textContent = "Copy a link";
});

// Pages, by click and by arrow keys.
const tabs = every('[role="tab"]');
const turn = tab => tabs.forEach(each => {
  const on = each === tab;
  each.setAttribute("aria-selected", on); each.tabIndex = on ? 0 : -1;
  $(each.getAttribute("aria-controls")).hidden = !on;
  if (on) { hint(); document.dispatchEvent(new CustomEvent("turned", {detail: each.getAttribute("aria-controls")})); }
});
tabs.forEach((tab, k) => {
  tab.addEventListener("click", () => turn(tab));
  tab.addEventListener("keydown", event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (step) { const next = tabs[(k + step + tabs.length) % tabs.length]; turn(next); next.focus(); }
  });
});

const begin = async () => {
  if (location.hash.length > 1) {
    try { study = await fromAddress(location.hash); } catch { trouble("The address holds no study that can be read; this is the file that the app was started with."); }
  }
  ask({form: true});
};
begin();
addEventListener("hashchange", begin);
