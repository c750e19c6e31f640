"use strict";
/* Long questions, and further ones: asked in the background, with progress and a way out. */
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
[$("answer"), $("drag")].forEach(each => each.addEventListener("click", event => {
  const {ask: question} = event.target.dataset;
  if (!question) return;
  turn($("tab-ask")); inquire("ask-said", question, panel ? {truth: panel.state().truth} : {}); $("ask-said").scrollIntoView({block: "nearest"});
}));
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
