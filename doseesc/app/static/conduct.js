"use strict";
/* The page Conduct: a running trial's patients, kept in this page alone, and what a design says about them.  Needs
app.js before it: `study`, `post`, `make`, `$`. */
(() => {
  const DLT = [["", "pending"], ["no", "no"], ["yes", "yes"]];
  const LEFT = [["", "on study"], ["died", "died"], ["lost", "lost"], ["withdrawn", "withdrawn"]];
  const RARE = ["dlt_date", "status", "last_seen"], COLUMNS = ["id", "dose", "date", "dlt", ...RARE];
  let doses = [], csv = "", log = null, decisions = 0, asking = false, again = false, design = "", advised = null, logKept = true, patientsKept = true;

  // The patients as a CSV file, and the columns that are filled in.
  const rows = () => every("tr", $("conduct-patients")).map(line => Object.fromEntries(every("[data-column]", line).map(each => [each.dataset.column, each.value.trim()])));
  const quoted = value => /[",;\t\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value;
  const patients = () => {
    const way = chosen();
    if (way !== "rows") return way === "csv" ? csv : "";
    const all = rows(), columns = COLUMNS.filter(each => ["id", "dose", "dlt"].includes(each) || all.some(row => row[each]));
    return all.length ? [columns, ...all.map(row => columns.map(each => quoted(row[each])))].map(line => line.join(",") + "\n").join("") : "";
  };
  const chosen = () => document.querySelector('#conduct-form [name="way"]:checked').value;

  const question = (log, verify) => ({
    name: study.name, text: study.text, design: $("conduct-design").value, patients: patients(),
    outcomes: chosen() === "outcomes" ? $("conduct-text").value : "", date: $("conduct-date").value, log, verify,
  });

  // One question is under way at a time, and the newest state wins.
  const ask = async (add = false, verify = false) => {
    if ($("conduct").hidden) return;
    if (asking) { again = again || {add, verify}; again.add = again.add || add; again.verify = again.verify || verify; return; }
    asking = true;
    $("conduct-answer").parentElement.classList.add("old");
    try { show(await post("conduct", question(verify ? log : add ? log || "" : null, verify))); } catch (error) { advised = null; wrong(`No answer: ${error.message}`); }
    asking = false;
    if (again) { // what is to be added to the log comes first: it is then verified with it
      const {add: adding, verify: verifying} = again;
      again = adding && verifying ? {add: false, verify: true} : false;
      ask(adding, verifying && !adding);
    }
  };
  const wrong = words => { $("conduct-wrong").textContent = words; $("conduct-wrong").hidden = !words; };
  const show = got => {
    wrong(got.wrong || "");
    if (got.designs) fields(got);
    if (got.log !== undefined) {
      log = got.log; decisions = got.decisions; logKept = false;
      const last = log.trim().split("\n").length;
      logged();
      if (last !== decisions) wrong("the log that came back is not whole; do not use it");
    }
    if (got.checked) { $("conduct-checked").innerHTML = got.checked; decisions = got.decisions; logged(); }
    else if (got.log !== undefined) $("conduct-checked").textContent = ""; // it was of the shorter log
    $("conduct-save-log").disabled = $("conduct-verify").disabled = !log; $("conduct-save-patients").disabled = !patients();
    command();
    if (!got.answer) { advised = null; return; }
    $("conduct-answer").innerHTML = got.answer;
    $("conduct-answer").parentElement.classList.remove("old");
    hint();
    if (advised !== got.sentence) $("conduct-said").textContent = advised = got.sentence;
  };
  const logged = () => { $("conduct-logged").textContent = `The log has ${decisions} decision${decisions === 1 ? "" : "s"}.`; };
  const fields = got => {
    const labels = got.doses.map(each => each.label), select = $("conduct-design");
    if (select.dataset.names !== JSON.stringify(got.designs)) {
      select.replaceChildren(...got.designs.map(name => make("option", name, {value: name})));
      select.dataset.names = JSON.stringify(got.designs);
    }
    select.value = design = got.design;
    $("conduct-window").textContent = got.window === null ? "as many" : got.window;
    if (JSON.stringify(labels) !== JSON.stringify(doses.map(each => each.label))) {
      doses = got.doses;
      every('[data-column="dose"]', $("conduct-patients")).forEach(each => { const was = each.value; each.replaceChildren(...options(doseOptions())); each.value = was; });
    }
  };
  const command = () => {
    const word = text => /^[\w.+-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
    const data = chosen() === "outcomes" ? `--outcomes ${word($("conduct-text").value)}` : "--data patients.csv";
    $("conduct-command").textContent = `doseesc replay ${word(study.name)} --design ${word(design)} ${data} --log decisions.jsonl`;
  };

  // Rows.
  const options = pairs => pairs.map(([value, words]) => make("option", words, {value}));
  const doseOptions = () => doses.map(each => [each.label, each.words]);
  const add = (given = {}) => {
    const line = make("tr", ""), number = $("conduct-patients").rows.length + 1, before = rows().pop() || {};
    const row = {id: `${number}`, dose: before.dose || (doses[0] || {}).label || "", date: "", dlt: "", dlt_date: "", status: "", last_seen: "", ...given};
    COLUMNS.forEach(column => {
      const cell = make("td", "", {className: RARE.includes(column) ? "rare" : ""});
      const pairs = {dose: doseOptions(), dlt: DLT, status: LEFT}[column];
      const field = pairs ? make("select", "") : make("input", "", {type: column === "id" ? "text" : "date", autocomplete: "off"});
      if (pairs) field.append(...options(pairs));
      field.dataset.column = column; field.value = row[column];
      field.setAttribute("aria-label", `patient ${number}: ${{id: "name", dose: "dose", date: "day of the first dose", dlt: "DLT", dlt_date: "day of the DLT", status: "left the study", last_seen: "last seen on"}[column]}`);
      cell.append(field); line.append(cell);
    });
    const cell = make("td", ""), button = make("button", "Remove", {type: "button", className: "plain"});
    button.setAttribute("aria-label", `remove patient ${number}`);
    button.addEventListener("click", () => { const next = line.nextElementSibling || line.previousElementSibling; line.remove(); ($("conduct-patients").rows.length ? next.querySelector("input") : $("conduct-add")).focus(); changed(); });
    cell.append(button); line.append(cell);
    $("conduct-patients").append(line);
    return line;
  };
  const changed = () => { patientsKept = false; ask(); };
  $("conduct-add").addEventListener("click", () => { add().querySelector("input").focus(); changed(); });
  const today = () => { const now = new Date(); return new Date(now - 60000 * now.getTimezoneOffset()).toISOString().slice(0, 10); };
  $("conduct-cohort").addEventListener("click", async () => {
    while (asking) await wait(20); // what is recommended is known only then
    const next = advised !== null && $("conduct-answer").querySelector("[data-patients]"), count = next ? +next.dataset.patients : 0;
    const level = next ? +next.dataset.level : 0, date = $("conduct-date").value || today();
    for (let k = 0; k < count; k++) add({dose: doses[level - 1].label, date});
    if (count) { changed(); $("conduct-patients").rows[$("conduct-patients").rows.length - count].querySelector('[data-column="dlt"]').focus(); }
  });
  $("conduct-rare").addEventListener("change", event => $("conduct-form").classList.toggle("more", event.target.checked));

  // The other ways, files, the log.
  $("conduct-form").addEventListener("submit", event => event.preventDefault());
  $("conduct-form").addEventListener("input", event => {
    if (event.target.type === "file" || event.target.id === "conduct-rare") return;
    if (event.target.id === "conduct-area") csv = event.target.value;
    if (event.target.name === "way") ["rows", "outcomes", "csv"].forEach(way => { $(`conduct-${way}`).hidden = way !== event.target.value; });
    changed();
  });
  const content = async (input, most) => {
    const file = input.files[0];
    input.value = "";
    if (!file) return null;
    if (file.size > most) { wrong(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB; at most ${most / 1e6} MB are read`); return null; }
    try { return new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(await file.arrayBuffer()); } catch { wrong(`${file.name} is not UTF-8 text; save it as CSV UTF-8`); return null; }
  };
  $("conduct-file").addEventListener("change", async event => {
    const text = await content(event.target, 4e5);
    if (text !== null) { csv = text; $("conduct-area").value = text; changed(); }
  });
  $("conduct-open").addEventListener("change", async event => {
    if (event.target.files[0] && log && !logKept && !confirm(`The log on this page, of ${decisions} decision${decisions === 1 ? "" : "s"}, was not downloaded. Open another in its place?`)) { event.target.value = ""; return; }
    const text = await content(event.target, 1e6);
    if (text === null) return;
    if (!text.trim()) { wrong("the file is empty; it holds no log of decisions"); return; }
    try {
      const got = await post("conduct", question(text, true));
      if (got.checked) { log = text; logKept = true; show(got); } else wrong(got.wrong); // what was there stays
    } catch (error) { wrong(`No answer: ${error.message}`); }
  });
  $("conduct-verify").addEventListener("click", () => ask(false, true));
  $("conduct-log").addEventListener("click", () => ask(true));
  const save = (text, name, type) => {
    const link = make("a", "", {href: URL.createObjectURL(new Blob([text], {type})), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  $("conduct-save-log").addEventListener("click", () => { save(log, "decisions.jsonl", "application/jsonl"); logKept = true; });
  $("conduct-save-patients").addEventListener("click", () => { save(patients(), "patients.csv", "text/csv"); patientsKept = true; });
  addEventListener("beforeunload", event => { if ((!patientsKept && patients()) || (!logKept && log)) event.preventDefault(); });
  document.addEventListener("turned", event => { if (event.detail === "conduct") ask(); });
})();
