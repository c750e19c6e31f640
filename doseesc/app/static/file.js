"use strict";
/* The page File: load, save, the text itself, and a link. */
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
