"use strict";
/* The app's page.  The study is its file's text, kept here and in the address; what is typed is sent as changes of that
text, and what comes back replaces the answer.  One request is under way at a time, and the newest state wins.  The
scripts after this one, in the order of doseesc.app.fragments, know what stands here; pages.js begins. */
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
// Below the first screen: asked for once nothing is typed or dragged any more.
let rests = 0, belowOf = "";
const below = async () => {
  const asked = study;
  if (busy) { rests = setTimeout(below, 50); return; }
  if (waiting || job || document.body.classList.contains("stale")) return; // another answer is to come
  try {
    const got = asked.text === belowOf ? null : await post("further", asked);
    if (study !== asked) return;
    if (got) { $("further").innerHTML = got.further; dress($("further")); belowOf = asked.text; }
    $("further").classList.remove("behind");
  } catch (error) { trouble(`No figures below the first screen: ${error.message}`); }
};
const answered = got => {
  $("answer").innerHTML = got.answer;
  dress($("answer"));
  $("further").classList.add("behind");
  clearTimeout(rests); rests = setTimeout(below, 100);
  dragging(got.panel);
  document.body.classList.remove("stale");
  if (!$("decisions").hidden) decide();
  if (got.headline !== lastHeadline) $("said").textContent = lastHeadline = got.headline;
};
