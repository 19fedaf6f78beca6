// A scanner types like a keyboard, faster than any person, wherever the focus
// is, and ends with Enter. What it typed goes to the scan, not into a field.
"use strict";
((h) => {
  const gap = 60; // its keys follow each other within that, in milliseconds
  const least = 6; // characters; a shorter burst is no scan
  const most = 4096; // what is longer is no code anyway

  let burst = "";
  let last = -Infinity;
  let before = null; // the field that has the focus, as it was before the burst

  const fieldOf = (e) => (e && "value" in e && e.tagName !== "BUTTON" ? { e, value: e.value, caret: e.selectionStart } : null);

  document.addEventListener(
    "keydown",
    (e) => {
      if (e.ctrlKey || e.altKey || e.metaKey || e.isComposing) return;
      const quick = e.timeStamp - last <= gap;
      if (e.key === "Enter") {
        const scan = burst;
        burst = "";
        if (!quick || scan.length < least) return;
        e.preventDefault();
        e.stopImmediatePropagation(); // the on-screen keyboard listens here too
        if (before) {
          before.e.value = before.value;
          if (before.caret !== null) before.e.setSelectionRange(before.caret, before.caret);
          before.e.dispatchEvent(new Event("input", { bubbles: true }));
        }
        h.begin(scan);
      } else if (e.key.length === 1) {
        if (!quick) before = fieldOf(document.activeElement);
        burst = quick ? (burst + e.key).slice(0, most) : e.key;
        last = e.timeStamp;
        if (quick && e.key === " " && !fieldOf(document.activeElement)) e.preventDefault(); // or it would press a button
      }
    },
    true,
  );
})(window.hailong);
