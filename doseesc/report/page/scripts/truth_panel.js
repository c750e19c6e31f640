"use strict";
/* Drag the truth: a dose-toxicity curve whose points can be moved, and what every design does under it, exactly.

Needs exact_ends.js and verdict.js before it, and truth_panel.css with the variables of page.css; asks no network.

  const panel = truthPanel(container, data, {truth, changed, durations})
    container       an empty element with an id; the panel builds all it shows in it, texts as texts
    data            what doseesc.report.page.truth_panel_data makes of a study, parsed from JSON
    truth           DLT probabilities to begin with; by default those of the scenario data.start
    changed(state)  called after every redraw, at most once a frame; state = {truth, scenario (the one begun from, or
                    null), moved (whether the curve differs from it), right, figures (of exactEnds, one for each design
                    of data.designs), verdict (of verdict.js, under this truth), study (the verdict with this truth in
                    place of the scenario begun from, or null)}
    durations(truth, scenario, designs)  where data.timed: a promise of {trials, designs: {name: {months, error}}}, how long trials
                    last, simulated; asked again whenever the curve is another than that of the last answer, one at a
                    time, so that the newest curve wins.  What is shown is grey until it is of the curve that is shown.
  panel.state()           the same, of now; lasting = what durations last answered, and the truth it is of
  panel.set(truth, name)  moves the curve; name = the scenario it is begun from, if it is one
  panel.replace(data)     shows other designs, doses or rules; the truth stays where the number of doses does */
const truthPanel = (container, given, {truth: begun = null, changed = () => {}, durations = null} = {}) => {
  const make = (tag, look = {}, ...inside) => {
    const {data: kept = {}, ...rest} = look, element = Object.assign(document.createElement(tag), rest);
    Object.assign(element.dataset, kept);
    element.append(...inside);
    return element;
  };
  const draw = (tag, attributes = {}, ...inside) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...inside);
    return element;
  };
  const shown = p => `${+(100 * p).toFixed(2)}`;
  const tenth = p => Math.round(1000 * Math.min(Math.max(p, 0), 1)) / 1000;
  const WIDTH = 380, HEIGHT = 250, LEFT = 40, RIGHT = 366, TOP = 12, BOTTOM = 216;
  const height = p => BOTTOM - p * (BOTTOM - TOP);

  let data, ends, truth, scenario, parts, waiting = 0, telling = 0, standing, now;
  let lasting = null, simulating = false; // how long trials last under some truth, and whether that is asked for
  const place = j => LEFT + (RIGHT - LEFT) * (j + 0.5) / truth.length;

  // What the designs do, and who leads.
  const evaluated = p => {
    const right = exactEnds.right(p, data.rule);
    return {right, figures: ends.map(each => exactEnds.figures(each, p, right, data.seen))};
  };
  const columns = each => ({
    correct: each.map(f => f.correct), overdose: each.map(f => f.overdose),
    patients: each.map(f => f.totalPatients), above: each.map(f => f.above),
  });
  const judged = (scenarios, all, given) => {
    const mtds = all.map(each => each.figures[0].mtd), levels = [...new Set(mtds)].sort((a, b) => a - b);
    const count = level => mtds.filter(each => each === level).length;
    const counts = given || mtds.map(level => 1 / count(level)), total = counts.reduce((a, b) => a + b, 0);
    const weights = counts.map(each => each / total), by = all.map(each => columns(each.figures));
    const figure = name => data.designs.map((_, d) => by.map(each => each[name][d]));
    const own = {
      designs: data.designs.map(each => each.name), scenarios, trueMtds: mtds, levels, weights,
      correct: figure("correct"), overdose: figure("overdose"), patients: figure("patients"), above: figure("above"),
      error: data.designs.map(() => mtds.map(() => 0)), penalty: data.penalty, worstCase: data.worstCase, margin: data.margin,
      labels: ["none", ...data.doses.map(each => each.name)],
    };
    return verdict(own, levels.map(level => weights.reduce((sum, w, s) => sum + (mtds[s] === level ? w : 0), 0)));
  };
  const calculate = () => {
    const here = evaluated(truth), at = data.scenarios.findIndex(each => each.name === scenario);
    const moved = at < 0 || truth.some((p, j) => p !== data.scenarios[at].dlt[j]);
    const named = moved ? "as drawn" : scenario, names = data.scenarios.map(each => each.name);
    const whole = at >= 0 && data.whole && names.length > 1;
    return {
      truth: [...truth], scenario: at < 0 ? null : scenario, moved, ...here, verdict: judged([named], [here], null),
      study: whole ? judged(names.map((each, s) => s === at ? named : each), standing.map((each, s) => s === at ? here : each), data.weights) : null,
    };
  };

  // Moving: a point pushes its neighbours along, so that a rising curve stays one.
  const move = (j, p, from = truth, to = tenth(p)) => {
    const rising = from.every((each, k) => k === 0 || each >= from[k - 1]);
    truth = from.map((each, k) => k === j ? to : !rising ? each : k > j ? Math.max(each, to) : Math.min(each, to));
    soon();
  };
  const soon = () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; redraw(); tell(); }); };

  // How long trials last: simulated elsewhere, a moment behind the curve.
  const timed = () => durations !== null && data.timed;
  const current = () => lasting !== null && lasting.truth.every((p, j) => p === truth[j]);
  const months = d => lasting && lasting.designs && lasting.designs[data.designs[d].name];
  const follow = async () => {
    if (!timed() || simulating || current()) return;
    const at = [...truth], of = data;
    simulating = true;
    const found = await durations(at, scenario, data.designs.map(each => each.name)).catch(error => ({trouble: error.message}));
    simulating = false;
    if (of === data) { lasting = {truth: at, ...found}; showTime(); }
    follow();
  };
  const showTime = () => {
    if (!timed()) return;
    parts.designs.forEach(({numbers}, d) => {
      const found = months(d);
      numbers[3].textContent = found ? found.months.toFixed(1) : "…";
      parts.times.forEach(({cells, value}) => { cells[d].textContent = found ? value(found) : "…"; });
    });
    container.classList.toggle("truth-behind", !current());
    parts.time.textContent = lasting && lasting.trouble ? `How long trials last cannot be told: ${lasting.trouble}`
      : !lasting ? "How long trials last is being simulated, the first time for up to a minute …"
      : `Months that a trial lasts: the mean of ${lasting.trials.toLocaleString("en")} simulated trials of each design at the study's accrual, ${current() ? "under this curve." : `still under ${lasting.truth.map(shown).join(", ")} %.`}`;
  };

  const rightWords = right => right[0] ? "no dose is right" : `${right.flatMap((each, level) => each ? [data.doses[level - 1].name] : []).join(" or ")} ${right.filter(Boolean).length > 1 ? "are" : "is"} right`;
  const redraw = () => {
    now = calculate();
    const {right, figures} = now;
    parts.curve.setAttribute("d", truth.map((p, j) => `${j ? "L" : "M"}${place(j)} ${height(p)}`).join(""));
    truth.forEach((p, j) => {
      const {point, number, range, mark, label} = parts.doses[j];
      point.setAttribute("transform", `translate(${place(j)} ${height(p)})`);
      point.setAttribute("aria-valuenow", shown(p));
      point.setAttribute("aria-valuetext", `${shown(p)} %${right[j + 1] ? ", right to select" : ""}`);
      mark.setAttribute("d", right[j + 1] ? "M0-9L2.2-3L8.6-2.8L3.5 1.1L5.3 7.3L0 3.7L-5.3 7.3L-3.5 1.1L-8.6-2.8L-2.2-3Z" : "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6Z");
      mark.setAttribute("class", right[j + 1] ? "star" : "dot");
      label.textContent = `${shown(p)} %`;
      label.setAttribute("y", p > 0.85 ? 22 : -13);
      if (document.activeElement !== number) number.value = shown(p);
      range.value = 100 * p;
      range.setAttribute("aria-valuetext", `${shown(p)} %`);
    });
    parts.headline.textContent = now.verdict.headline;
    parts.price.textContent = [...now.verdict.price, ...now.verdict.flips].join(" ");
    parts.right.textContent = `Under this truth ${rightWords(right)}.`;
    parts.study.textContent = now.study ? `The study's answer ${now.moved ? `with this in place of ${scenario}` : `with ${scenario} as it is`}: ${[now.study.headline, ...now.study.flips].join(" ")}` : "";
    figures.forEach((found, d) => {
      const {bar, segments, numbers} = parts.designs[d];
      found.selected.forEach((share, level) => {
        segments[level].style.width = `${100 * share}%`;
        segments[level].textContent = share >= 0.11 ? (100 * share).toFixed(0) : "";
        segments[level].classList.toggle("right", right[level] && share > 0.004);
      });
      bar.setAttribute("aria-label", `${data.designs[d].name} selects ${found.selected.map((share, level) => `${level ? data.doses[level - 1].name : "no dose"} in ${percent(share)} %`).join(", ")}`);
      numbers[0].textContent = `${percent(found.correct)} %`;
      numbers[1].textContent = `${percent(found.overdose)} %`;
      numbers[2].textContent = found.totalPatients.toFixed(1);
      parts.rows.forEach(({cells, value}) => { cells[d].textContent = value(found); });
    });
    parts.select.value = scenario || "";
    parts.own.hidden = scenario !== null && !begun;
    parts.back.disabled = !now.moved || scenario === null && !begun;
    parts.from.textContent = parts.back.disabled ? "" : `moved from ${scenario || "the start"}`;
    showTime();
    follow();
    changed(now);
  };
  // Said aloud once the curve rests.
  const tell = () => {
    const curve = data.doses.map((each, j) => `${each.name} ${shown(truth[j])} %`).join(", ");
    clearTimeout(telling);
    telling = setTimeout(() => {
      const lasts = timed() && current() && lasting.designs ? ` Months: ${data.designs.map((each, d) => `${each.name} ${months(d).months.toFixed(1)}`).join(", ")}.` : "";
      parts.live.textContent = `${curve}: ${rightWords(now.right)}. ${now.verdict.headline}${lasts}`;
    }, 500);
  };

  // Building: once for each data.
  const build = () => {
    const id = container.id;
    parts = {doses: [], designs: [], rows: [], times: []};
    const svg = draw("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart truth-curve", role: "group", "aria-label": "True DLT probability of each dose; its points can be moved"});
    const low = Math.max(data.rule.target - data.rule.margin, 0), high = Math.min(data.rule.target + data.rule.margin, 1);
    svg.append(draw("rect", {x: LEFT, y: height(high), width: RIGHT - LEFT, height: height(low) - height(high), class: "band"}));
    [0, 0.25, 0.5, 0.75, 1].forEach(p => {
      const words = draw("text", {x: LEFT - 6, y: height(p) + 4, "text-anchor": "end", class: "small soft"});
      words.textContent = 100 * p;
      svg.append(draw("path", {d: `M${LEFT} ${height(p)}H${RIGHT}`, class: "grid"}), words);
    });
    svg.append(draw("path", {d: `M${LEFT} ${height(data.rule.target)}H${RIGHT}`, class: "limit"}));
    svg.append(parts.curve = draw("path", {class: "curve"}));
    const controls = make("div", {className: "truth-controls"});
    data.doses.forEach((dose, j) => {
      const name = draw("text", {x: place(j), y: BOTTOM + 20, "text-anchor": "middle"});
      name.textContent = dose.name.length > 14 ? `${dose.name.slice(0, 13)}…` : dose.name;
      const mark = draw("path"), label = draw("text", {x: 0, y: -13, "text-anchor": "middle", class: "strong halo"});
      const point = draw("g", {class: "truth-point", role: "slider", tabindex: 0, "aria-label": `DLT probability at ${dose.words}`, "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "vertical"}, draw("circle", {r: 20, class: "truth-hit"}), mark, label);
      svg.append(name, point);
      const number = make("input", {type: "number", min: 0, max: 100, step: "any", id: `${id}-number-${j}`});
      number.setAttribute("aria-label", `DLT probability at ${dose.words}, %`);
      const range = make("input", {type: "range", min: 0, max: 100, step: 0.5, id: `${id}-range-${j}`});
      controls.append(make("label", {htmlFor: range.id}, dose.words), range, make("span", {}, number, " %"));
      parts.doses.push({point, mark, label, number, range});
      hold(svg, point, j);
      range.addEventListener("input", () => move(j, range.value / 100));
      number.addEventListener("input", () => { if (number.value !== "" && number.checkValidity()) move(j, 0, truth, number.value / 100); });
      number.addEventListener("blur", () => { number.value = shown(truth[j]); });
    });
    const select = make("select", {id: `${id}-scenario`}, ...data.scenarios.map(each => make("option", {value: each.name}, each.description ? `${each.name}: ${each.description}` : each.name)));
    parts.own = make("option", {value: ""}, begun ? "another curve" : "a curve of your own");
    select.prepend(parts.own);
    const start = () => { const found = data.scenarios.find(each => each.name === select.value); if (found) set(found.dlt, found.name); else if (begun) set(begun, null); };
    select.addEventListener("change", start);
    parts.select = select;
    parts.back = make("button", {type: "button", textContent: "Back to it", onclick: start});
    parts.from = make("span", {className: "truth-from"});
    parts.headline = make("p", {className: "headline"});
    [parts.right, parts.price, parts.study] = [0, 1, 2].map(() => make("p"));
    parts.time = make("p", {className: "how"});
    parts.live = make("p", {className: "truth-live"});
    parts.live.setAttribute("aria-live", "polite");
    const legend = make("p", {className: "truth-legend how"}, "Selected: ", ...["none", ...data.doses.map(each => each.name)].map((name, level) => make("span", {}, shade(make("i"), level), name)));
    const heads = ["right", "too high", "patients", ...(timed() ? ["months"] : [])];
    const bars = make("div", {className: `truth-bars${timed() ? " timed" : ""}`}, ...["", "% of trials; framed: right", ...heads].map(text => make("span", {className: "truth-head", textContent: text})));
    data.designs.forEach(design => {
      const segments = ["", ...data.doses].map((_, level) => shade(make("i"), level));
      const bar = make("div", {className: "truth-bar"}, ...segments), numbers = heads.map((_, k) => make("b", {className: k === 3 ? "truth-time" : ""}));
      bar.setAttribute("role", "img");
      bars.append(make("span", {className: design.colour === null ? "" : `truth-name t${design.colour}`, textContent: design.name}), bar, ...numbers);
      parts.designs.push({bar, segments, numbers});
    });
    container.replaceChildren(
      make("div", {className: "truth-start"}, make("label", {htmlFor: select.id, textContent: "Begin from"}), select, parts.back, parts.from),
      make("div", {className: "truth-grid"}, make("div", {}, svg, controls), make("div", {}, parts.headline, parts.right, parts.price, legend, bars, ...(timed() ? [parts.time] : []), parts.study)),
      table(data.designs.length), ...data.notes.map(text => make("p", {className: "how", textContent: text})), parts.live,
    );
  };
  const shade = (element, level) => {
    const {fill, ink} = level ? data.doses[level - 1] : {fill: "var(--none)", ink: "var(--ink)"};
    Object.assign(element.style, {background: fill, color: ink});
    return element;
  };
  const table = count => {
    const names = data.doses.map(each => each.name), one = x => x.toFixed(1);
    const rows = [
      ["selects the right dose, or rightly none, %", f => percent(f.correct)], ["selects a dose above the MTD, %", f => percent(f.overdose)],
      ["selects none, %", f => percent(f.selected[0])], ...data.doses.map(({name, then}, j) => [`selects ${name}, %`, f => percent(f.selected[j + 1]), then]),
      ...names.map((name, j) => [`patients at ${name}`, f => one(f.patients[j])]), ["patients in all", f => one(f.totalPatients)],
      ["patients above the MTD", f => one(f.above)], ["DLTs", f => one(f.totalDlts)], ["stops before its last patient, %", f => percent(f.stoppedEarly)],
    ];
    const head = text => Object.assign(make("th", {textContent: text}), {scope: "col"});
    const body = rows.map(([text, value, more = ""]) => {
      const cells = Array.from({length: count}, () => make("td", {className: "n"}));
      parts.rows.push({cells, value});
      return make("tr", {}, Object.assign(make("th", {}, text, ...(more ? [" ", make("small", {textContent: more})] : [])), {scope: "row"}), ...cells);
    });
    const lasts = [["months a trial lasts, on average", f => f.months.toFixed(1)], ["its standard error, months", f => f.error.toFixed(2)]];
    if (timed()) body.push(...lasts.map(([text, value]) => {
      const cells = Array.from({length: count}, () => make("td", {className: "n truth-time"}));
      parts.times.push({cells, value});
      return make("tr", {}, Object.assign(make("th", {textContent: text}), {scope: "row"}), ...cells);
    }));
    const frame = make("div", {className: "scroll", tabIndex: 0}, make("table", {},
      make("thead", {}, make("tr", {}, head("Under this truth"), ...data.designs.map(each => head(each.name)))), make("tbody", {}, ...body)));
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", "Table: what each design does under this truth");
    return make("details", {className: "more truth-table"}, make("summary", {textContent: "Table: these figures and more"}), frame);
  };
  const hold = (svg, point, j) => {
    const at = event => { const box = svg.getBoundingClientRect(); return (BOTTOM - (event.clientY - box.top) * HEIGHT / box.height) / (BOTTOM - TOP); };
    let from = null, off = 0;
    point.addEventListener("pointerdown", event => { point.setPointerCapture(event.pointerId); from = [...truth]; off = truth[j] - at(event); event.preventDefault(); point.focus(); });
    point.addEventListener("pointermove", event => { if (from) move(j, at(event) + off, from); });
    ["pointerup", "pointercancel", "lostpointercapture"].forEach(each => point.addEventListener(each, () => { from = null; }));
    point.addEventListener("keydown", event => {
      const step = event.shiftKey ? 0.001 : 0.01;
      const to = {ArrowUp: truth[j] + step, ArrowRight: truth[j] + step, ArrowDown: truth[j] - step, ArrowLeft: truth[j] - step, PageUp: truth[j] + 0.05, PageDown: truth[j] - 0.05, Home: 0, End: 1}[event.key];
      if (to !== undefined) { event.preventDefault(); move(j, to); }
    });
  };
  const set = (to, name = scenario) => { truth = [...to]; scenario = data.scenarios.some(each => each.name === name) ? name : null; redraw(); tell(); };
  const replace = next => {
    data = next;
    lasting = null;
    ends = data.designs.map(each => exactEnds.read(each.ends));
    const first = data.scenarios.find(each => each.name === data.start);
    if (!truth || truth.length !== data.doses.length) [truth, scenario] = begun && begun.length === data.doses.length ? [[...begun], null] : [[...first.dlt], first.name];
    if (!data.scenarios.some(each => each.name === scenario)) scenario = null;
    standing = data.whole ? data.scenarios.map(each => evaluated(each.dlt)) : [];
    build();
    redraw();
  };
  replace(given);
  return {state: () => ({...now, lasting}), set, replace};
};
