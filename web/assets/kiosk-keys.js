// The keyboard on the screen. It edits a field at its caret, and leaves the
// focus there; a keyboard of the device goes on working beside it.
//
// labels are the names of keys that bear no character, in the page's language:
//   {keyboard, shift, space, backspace, enter, symbols, letters}
// keyboard names the whole; enter is also written on its key.
"use strict";
window.hailong = window.hailong || {};
window.hailong.keys = (() => {
  const holdTime = 450; // ms until a held backspace repeats
  const holdStep = 70; // ms from one repetition to the next

  // Rows of keys, as words between spaces; a word of several letters is named below.
  const bottom = "page , space . - enter";
  const pages = {
    text: ["q w e r t y u i o p", "a s d f g h j k l", "shift z x c v b n m backspace", bottom],
    symbols: ["1 2 3 4 5 6 7 8 9 0", "@ # % & * + = ( ) /", "! ? : ; \" ' _ … backspace", bottom],
    contact: ["1 2 3 4 5 6 7 8 9 0", "q w e r t y u i o p", "a s d f g h j k l @", "shift z x c v b n m backspace", "+ - _ space , . / enter"],
    // The letters of receipts' codes: without I, L, O and U, which look like others.
    code: [[..."0123456789ABCDEFGHJKMNPQRSTVWXYZ-.", "backspace", "enter"].join(" ")],
    digits: ["1 2 3", "4 5 6", "7 8 9", "backspace 0 enter"],
  };
  const drawings = {
    shift: "M12 3 3 12h5v7h8v-7h5z",
    backspace: "M9 5h12v14H9l-6-7zM12 9l6 6m0-6-6 6",
    enter: "M4 12.5l6 6L20 6",
  };
  // What keys do by Telex besides, in a corner of them, for whoever does not type it every day.
  const hints = { a: "â", d: "đ", e: "ê", o: "ô", w: "ư", s: "á", f: "à", r: "ả", x: "ã", j: "ạ" };

  let now = null; // what open was given, with {page, upper, timer}; null while closed
  const box = () => document.getElementById("keys");

  function drawing(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", drawings[name]);
    svg.append(path);
    return svg;
  }

  function button(key) {
    const b = document.createElement("button");
    const { labels, layout, telex } = now;
    const large = layout === "text" || layout === "contact"; // room for a word
    b.type = "button";
    b.className = "key";
    b.tabIndex = -1;
    b.dataset.key = key;
    if (key === "page") b.textContent = now.page === "symbols" ? "abc" : "?123";
    else if (key === "space" || (key === "enter" && large && labels.enter)) b.textContent = labels[key] || "";
    else if (drawings[key]) b.append(drawing(key));
    else b.textContent = now.upper ? key.toUpperCase() : key;
    const name = key === "page" ? labels[now.page === "symbols" ? "letters" : "symbols"] : labels[key];
    // Who speaks to the device says what stands on the key.
    if (name && key.length > 1) b.setAttribute("aria-label", key === "page" ? b.textContent + ", " + name : name);
    if (key === "shift") b.setAttribute("aria-pressed", String(Boolean(now.upper)));
    if (key.length > 1) b.classList.add("wide", key);
    if (telex && hints[key]) b.dataset.hint = hints[key];
    return b;
  }

  // draw makes the keys of the page that is shown. One of them is a tab stop;
  // arrows go on from it.
  function draw(focus) {
    const rows = pages[now.page].map((words) => {
      const row = document.createElement("div");
      row.className = "keyrow";
      row.append(...words.split(" ").map(button));
      return row;
    });
    box().className = "keys keys-" + now.layout;
    box().setAttribute("role", "group");
    box().setAttribute("aria-label", now.labels.keyboard || "");
    box().replaceChildren(...rows);
    const stop = (focus && box().querySelector(`[data-key="${focus}"]`)) || box().querySelector(".key");
    stop.tabIndex = 0;
    if (focus) stop.focus();
    box().hidden = false;
  }

  function relabel() {
    for (const b of box().querySelectorAll(".key")) if (/^[a-z]$/.test(b.dataset.key)) b.textContent = now.upper ? b.dataset.key.toUpperCase() : b.dataset.key;
    box().querySelector(".shift")?.setAttribute("aria-pressed", String(Boolean(now.upper)));
    box().querySelector(".shift")?.classList.toggle("lock", now.upper === "lock");
  }

  // edit applies a character or "Backspace" to the field, unless it is full.
  function edit(key) {
    const { field, telex, limit } = now;
    let { value: text, selectionStart: from, selectionEnd: to } = field;
    let next;
    if (from !== to) {
      text = text.slice(0, from) + text.slice(to);
      next = { text, caret: from };
    }
    if (!next || key !== "Backspace") {
      next = telex || key === "Backspace" ? hailong.telex.type(text, from, key) : { text: text.slice(0, from) + key + text.slice(from), caret: from + key.length };
    }
    if (limit && [...next.text].length > Math.max(limit, [...field.value].length)) return now.onFull?.();
    field.value = next.text;
    field.setSelectionRange(next.caret, next.caret);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (now?.onChange) now.onChange(field.value);
  }

  function press(key, byKeyboard) {
    if (key === "shift") {
      now.upper = !now.upper ? "once" : now.upper === "once" ? "lock" : "";
      relabel();
    } else if (key === "page") {
      now.page = now.page === "symbols" ? now.layout : "symbols";
      draw(byKeyboard && key);
    } else if (key === "enter") {
      if (now.onEnter) now.onEnter(now.field.value);
      else if (now.field.tagName === "TEXTAREA") edit("\n");
    } else {
      edit(key === "backspace" ? "Backspace" : key === "space" ? " " : now.upper ? key.toUpperCase() : key);
      if (now?.upper === "once" && /^[a-z]$/.test(key)) {
        now.upper = "";
        relabel();
      }
    }
  }

  const keyOf = (e) => e.target.closest?.("#keys .key");

  // A finger works when it comes down. Only Enter waits until it goes up: what
  // comes after may stand under that finger.
  function down(e) {
    const b = keyOf(e);
    if (!now || !b || e.button > 0) return;
    e.preventDefault(); // the focus stays in the field
    b.classList.add("down");
    const key = b.dataset.key;
    if (key === "enter") return;
    press(key);
    if (key === "backspace") now.timer = setTimeout(again, holdTime);
  }

  function again() {
    press("backspace");
    if (now) now.timer = setTimeout(again, holdStep);
  }

  function up() {
    clearTimeout(now?.timer);
    for (const b of document.querySelectorAll("#keys .down")) b.classList.remove("down");
  }

  // Clicks without a pointer come of a keyboard or a screen reader.
  function click(e) {
    const b = keyOf(e);
    if (now && b && (e.detail === 0 || b.dataset.key === "enter")) press(b.dataset.key, e.detail === 0);
  }

  // Arrows go from key to key.
  function move(e) {
    const b = keyOf(e);
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
    if (!b || !steps) return;
    e.preventDefault();
    const all = [...box().querySelectorAll(".key")];
    const here = b.getBoundingClientRect();
    let next = all[all.indexOf(b) + steps[1]];
    if (steps[0]) {
      const middle = here.left + here.width / 2;
      const far = (k) => Math.abs(k.left + k.width / 2 - middle) + 4 * Math.abs(k.top - here.top);
      const beyond = all.map((k) => [k, k.getBoundingClientRect()]).filter(([, r]) => (r.top - here.top) * steps[0] > 1);
      next = beyond.sort(([, r], [, s]) => far(r) - far(s))[0]?.[0];
    }
    if (!next) return;
    b.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // With telex, letters from the device's own keyboard are read by it too. An
  // input method of the device goes before.
  function physical(e) {
    if (e.inputType !== "insertText" || e.isComposing || !/^[a-z]$/i.test(e.data)) return;
    e.preventDefault();
    edit(e.data);
  }

  // open shows the keys of a layout for a field: "text", "code", "digits" or
  // "contact". limit is the most characters (code points) that keys may make.
  // onChange gets the text after each key, onEnter when it is done; without
  // onEnter that key begins a line. onFull is told that a key did not fit. What
  // was open is closed.
  function open(options) {
    close();
    now = { labels: {}, ...options, page: options.layout, upper: "", timer: 0 };
    now.field.setAttribute("inputmode", "none"); // no second keyboard from the device
    if (now.telex) now.field.addEventListener("beforeinput", physical);
    draw();
    const end = now.field.value.length;
    if (document.activeElement !== now.field) {
      now.field.focus({ preventScroll: true });
      now.field.setSelectionRange(end, end);
    }
  }

  // close takes the keys away; with nothing open it does nothing.
  function close() {
    if (!now) return;
    clearTimeout(now.timer);
    now.field.removeEventListener("beforeinput", physical);
    now.field.removeAttribute("inputmode");
    now = null;
    box().replaceChildren();
    box().hidden = true;
  }

  document.addEventListener("pointerdown", down);
  for (const kind of ["pointerup", "pointercancel", "blur"]) window.addEventListener(kind, up);
  document.addEventListener("click", click);
  document.addEventListener("keydown", move);
  return { open, close };
})();
