"use strict";
/* Pages, by click and by arrow keys; and the beginning, once all other scripts are there. */
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
