"use strict";
// The verdict, as doseesc.results.criterion, doseesc.results.verdict and doseesc.report.words.verdict make it.
const percent = share => {
  const x = 100 * share;
  return (x % 1 === 0.25 ? x - 0.01 : x).toFixed(1); // exactly between two, Python takes the even one
};
const row = names => names.length === 1 ? names[0] : names.slice(0, -1).join(", ") + " and " + names[names.length - 1];
const sum = (weights, values) => weights.reduce((total, weight, k) => total + weight * values[k], 0);
const verdict = (own, levelWeights) => {
  const whole = own.levels.map(l => sum(own.weights, own.trueMtds.map(t => +(t === l))));
  const within = own.trueMtds.map((t, s) => {
    const k = own.levels.indexOf(t);
    return whole[k] > 0 ? own.weights[s] / whole[k] : 1 / own.trueMtds.filter(each => each === t).length;
  });
  const total = levelWeights.reduce((a, b) => a + b, 0);
  const weights = within.map((w, s) => w * levelWeights[own.levels.indexOf(own.trueMtds[s])] / total);
  const values = own.correct.map((c, d) => c.map((each, s) => each - own.penalty * own.overdose[d][s]));
  const counted = s => weights[s] > 0;
  const lowest = v => v.reduce((at, each, s) => counted(s) && (at < 0 || each < v[at]) ? s : at, -1);
  const scores = values.map(v => own.worstCase ? v[lowest(v)] : sum(weights, v));
  const variance = d => own.worstCase ? own.error[d][lowest(values[d])] ** 2 : sum(weights.map(w => w * w), own.error[d].map(e => e * e));
  const order = scores.map((_, d) => d).sort((a, b) => scores[b] - scores[a] || a - b), best = order[0];
  const leaders = order.filter(d => scores[best] - scores[d] <= Math.max(own.margin, 2 * Math.sqrt(variance(best) + variance(d))) + 1e-9);
  const overdose = own.overdose.map(each => sum(weights, each)), correct = own.correct.map(each => sum(weights, each));
  const safest = leaders.reduce((a, b) => overdose[b] < overdose[a] ? b : a);
  const reached = values.map(v => own.levels.map(l => sum(within.map((w, s) => own.trueMtds[s] === l ? w : 0), v)));
  const found = {weights, scores, order, leaders, overdose, correct, safest, reached, shares: levelWeights.map(w => w / total)};
  return {...found, headline: headline(own, found), price: price(own, found), flips: own.worstCase || !own.labels ? [] : flipped(own, found)};
};
// What flips it: weight moved to another true MTD, and a price on overdosing; own.labels = names of the levels, none first.
const ROUNDING = 1e-9, DEAR = 2;
const most = values => values.indexOf(Math.max(...values));
const flipped = (own, {order, reached, shares, leaders, overdose, correct}) => {
  if (order.length === 1) return [];
  const said = [], best = most(reached.map(each => sum(shares, each)));
  const shifts = own.designs.flatMap((_, d) => {
    const moved = d === best ? null : shifted(reached[best].map((each, k) => each - reached[d][k]), shares);
    return moved ? [{design: d, ...moved}] : [];
  });
  const near = shifts.reduce((a, b) => !a || b.moved < a.moved ? b : a, null);
  if (near && near.moved > 0) {
    const labels = places => row(places.map(k => own.labels[own.levels[k]])), points = percent(near.moved).replace(/\.0$/, "");
    said.push(`${own.designs[near.design]} overtakes ${own.designs[leaders[0]]} if more than ${points} point${points === "1" ? "" : "s"} of weight move from the true MTD ${labels(near.away)} to ${labels([near.to])}.`);
  }
  const now = most(correct.map((each, d) => each - own.penalty * overdose[d]));
  const safer = own.designs.map((_, d) => d).filter(d => overdose[d] < overdose[now] - ROUNDING)
    .map(d => ({d, at: (correct[now] - correct[d]) / (overdose[now] - overdose[d])})).sort((a, b) => a.at - b.at || overdose[a.d] - overdose[b.d]);
  const cost = safer.length ? Math.max(own.penalty, safer[0].at) : Infinity, cents = 100 * cost;
  if (cost <= DEAR) said.push(`If a point of overdosing costs ${cents % 2 === 0.5 ? Math.floor(cents) / 100 : +cost.toFixed(2)} points of correct selection, ${own.designs[safer[0].d]} leads.`);
  return said;
};
// What to take from where a lead is greatest, and give to where it is smallest, so that it is nothing on average.
const shifted = (lead, weights) => {
  const to = lead.indexOf(Math.min(...lead)), away = [];
  if (lead[to] >= 0) return null;
  let left = sum(weights, lead), moved = 0;
  for (const k of lead.map((_, place) => place).sort((a, b) => lead[b] - lead[a] || a - b)) {
    const gain = lead[k] - lead[to];
    if (left <= ROUNDING || gain <= 0) break;
    const amount = Math.min(weights[k], left / gain);
    if (amount > 0) { away.push(k); moved += amount; left -= amount * gain; }
  }
  return {moved, away, to};
};
const safestWords = (own, {leaders, overdose, safest}) => {
  const least = percent(overdose[safest]), most = percent(Math.max(...leaders.map(d => overdose[d])));
  const against = leaders.length === 2 ? `less often (${least} against ${most}` : `least often (${least}, up to ${most}`;
  return leaders.length < 2 || least === most ? "" : `; ${own.designs[safest]} selects a dose above the MTD ${against} % of trials)`;
};
const headline = (own, found) => {
  const {scores, order, leaders, correct} = found;
  const name = d => own.designs[d], first = order[0];
  if (order.length === 1) return `${name(first)} selects the right dose, or rightly none, in ${percent(correct[first])} % of trials.`;
  if (leaders.length > 1) {
    const unit = own.penalty ? "points" : "% right";
    const level = `${row(leaders.map(name))} are level (${row(leaders.map(d => percent(scores[d])))} ${unit})`;
    return `No design is ahead: ${level}${safestWords(own, found)}.`;
  }
  const second = order[1], against = `${percent(scores[second])} ${own.penalty ? "points" : "%"} with ${name(second)}`;
  if (own.penalty) return `${name(first)} is ahead: ${percent(scores[first])} points, against ${against}.`;
  const when = own.worstCase ? "at worst it selects" : "it selects";
  return `${name(first)} is ahead: ${when} the right dose, or rightly none, in ${percent(scores[first])} % of trials, against ${against}.`;
};
const price = (own, found) => {
  const {overdose, safest} = found;
  const name = own.designs[safest], over = own.overdose[safest], worst = over.indexOf(Math.max(...over));
  const alone = own.scenarios.length === 1, where = s => alone ? "" : ` (${own.scenarios[s]})`;
  let said = `${name} never selects a dose above the MTD${alone ? "" : " in these scenarios"}.`;
  if (over[worst] > 0) {
    said = `${alone ? "" : "At worst "}${name} selects a dose above the MTD in ${percent(over[worst])} % of trials${where(worst)}`;
    const above = own.above[safest].map((each, s) => own.trueMtds[s] > 0 ? each : -1), at = above.indexOf(Math.max(...above));
    said += own.trueMtds[at] < 1 ? "." : ` and treats ${above[at].toFixed(1)} of ${own.patients[safest][at].toFixed(1)} patients above it${where(at)}.`;
  }
  const safer = own.designs.map((each, d) => [overdose[d], each]).filter(([share]) => share < overdose[safest] - own.margin);
  if (!safer.length) return [said];
  safer.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  const named = safer.slice(0, 3).map(([share, each]) => `${each} (${percent(share)} %)`);
  if (safer.length > 3) named.push(`${safer.length - 3} more`);
  const opening = alone ? "Safer" : safestWords(own, found) ? "On average safer" // than the headline says
    : `On average ${name} does so in ${percent(overdose[safest])} % of trials; safer`;
  return [said, `${opening}: ${row(named)}.`];
};
