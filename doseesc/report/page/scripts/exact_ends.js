"use strict";
/* The exact characteristics of designs for any truth, from their ends: pure functions, no document, no network.

Data in: what doseesc.engines.ends_document makes of a design's paths, as JSON.
  exactEnds.read(ends)                       columns as typed arrays; once for each design
  exactEnds.right(truth, rule)               which levels are right to select, [none, level 1, ...], as doseesc.truth.mtd
                                             has it; rule = {target, rule, margin, ties}
  exactEnds.seen(truth, law)                 the DLT probabilities that a trial sees of the drug's; law = null: the same;
                                             else [counted, evaluable] of a patient without a drug DLT, and with one
  exactEnds.figures(read, truth, right, law) everything of OperatingCharacteristics that is one number or one for each
                                             dose: selected (none first), patients, dlts, totalPatients, totalDlts,
                                             stoppedEarly, untried, correct, overdose, above, reasons and columns by name
truth: DLT probabilities from 0 to 1, one for each dose. */
const exactEnds = (() => {
  const SAME = 1e-12; // as doseesc.truth.mtd
  const numbers = text => Uint16Array.from(text, each => { const c = each.charCodeAt(0); return c < 127 ? c - 63 : c - 98; });

  const read = ends => {
    const y = ends.y.map(numbers), n = ends.n.map(numbers);
    return {
      doses: ends.doses, size: ends.orders.length, n, y,
      without: n.map((column, j) => column.map((each, s) => each - y[j][s])),
      total: Uint16Array.from(ends.orders, (_, s) => n.reduce((sum, column) => sum + column[s], 0)),
      logOrders: Float64Array.from(ends.orders, Math.log), maxN: ends.maxN,
      selected: numbers(ends.selected), reason: numbers(ends.reason), reasons: ends.reasons, columns: ends.columns,
    };
  };

  const right = (truth, {target, rule, margin, ties}) => {
    let tied;
    if (rule === "nearest") {
      const distance = truth.map(p => Math.abs(p - target)), least = Math.min(...distance);
      tied = distance.map(d => d <= least + SAME && truth[0] <= target + margin + SAME);
    } else {
      const tolerable = truth.map(p => p <= target + margin + SAME), highest = Math.max(tolerable.lastIndexOf(true), 0);
      tied = truth.map((p, j) => tolerable[j] && Math.abs(p - truth[highest]) <= SAME);
    }
    const first = tied.indexOf(true), last = tied.lastIndexOf(true);
    const limit = (rule === "nearest" ? target : target + margin) + SAME;
    const below = tied.map((each, j) => each && truth[j] <= limit).lastIndexOf(true);
    const one = {highest: last, lowest: first, highest_below: below < 0 ? first : below}[ties];
    return [first < 0, ...tied.map((each, j) => each && (ties === "any" || j === one))];
  };

  const seen = (truth, law) => law === null ? truth : truth.map(p => {
    const [counted, evaluable] = [0, 1].map(k => p * law[1][k] + (1 - p) * law[0][k]);
    return Math.min(Math.max(counted / Math.max(evaluable, 1e-9), 0), 1);
  });

  // A finite stand-in for log 0: times 0 it is 0, times anything else its exponential is 0.
  const logarithm = x => Math.max(x, -1e300);

  const figures = (ends, truth, right, law = null) => {
    const {doses, size, n, y, without, selected, reason} = ends, met = seen(truth, law);
    const logP = met.map(p => logarithm(Math.log(p))), logQ = met.map(p => logarithm(Math.log1p(-p)));
    const found = {
      selected: Array(doses + 1).fill(0), patients: Array(doses).fill(0), dlts: Array(doses).fill(0),
      stoppedEarly: 0, untried: 0, reasons: Object.fromEntries(ends.reasons.map(name => [name, 0])),
      columns: Object.fromEntries(Object.keys(ends.columns).map(name => [name, 0])),
    };
    const further = Object.entries(ends.columns);
    for (let s = 0; s < size; s++) {
      let log = ends.logOrders[s];
      for (let j = 0; j < doses; j++) log += y[j][s] * logP[j] + without[j][s] * logQ[j];
      const p = Math.exp(log);
      if (p === 0) continue;
      for (let j = 0; j < doses; j++) {
        found.patients[j] += p * n[j][s];
        found.dlts[j] += p * y[j][s];
      }
      const level = selected[s];
      found.selected[level] += p;
      if (level && n[level - 1][s] === 0) found.untried += p;
      if (ends.total[s] < ends.maxN) found.stoppedEarly += p;
      found.reasons[ends.reasons[reason[s]]] += p;
      for (const [name, values] of further) found.columns[name] += p * values[s];
    }
    const sum = values => values.reduce((a, b) => a + b, 0), mtd = right.lastIndexOf(true);
    return {
      ...found, right, mtd,
      totalPatients: sum(found.patients), totalDlts: sum(found.dlts),
      correct: sum(found.selected.filter((_, level) => right[level])),
      overdose: sum(found.selected.slice(mtd + 1)),
      above: sum(found.patients.slice(mtd)),
    };
  };
  return {read, right, seen, figures};
})();
