// The kiosk's screen: one page that shows one screen after the other. This file
// holds what all of them share: the table of screens, the texts, the language.
// What a person scanned, tapped or wrote is in this page's memory and nowhere
// else: no address, no history entry, no storage holds it.
"use strict";
window.hailong = window.hailong || {};
((h) => {
  const body = document.body;
  const find = (id) => document.getElementById(id);
  const texts = JSON.parse(find("texts").textContent);
  const setup = JSON.parse(find("setup").textContent || "{}");
  const home = body.dataset.language;

  h.find = find;
  h.setup = setup;
  h.sheet = setup.sheet || null; // the questions of this page, whatever comes later
  h.language = home;
  h.sitting = null; // of the person who is here, see kiosk-sitting.js

  // screens by name, each with, where it needs them:
  //   section  the id of its section, if not the name
  //   draw     writes what changes, also when the language does
  //   enter    is called when it is shown, after draw
  //   leave    is called when another one is shown
  //   focus    gives the element that takes the focus, if not the heading
  //   stays    milliseconds after which the start follows, if nobody touches it
  h.screens = { start: { enter: () => document.activeElement && document.activeElement.blur() } };
  h.step = "";

  // In milliseconds. A test may set others beforehand.
  h.times = {
    still: 400, // so soon after a tap, another one is a trembling hand's, and meant for the same screen
    answer: 8000, // the kiosk's own program answers within that
    undo: 5000,
    thanks: 5000,
    invited: 8000, // the thanks, with an invitation to read
    proof: 30000, // the proof code: time to take a picture, or to write it down
    idle: 20000, // then the person is asked
    read: 90000, // the same where there is much to read
    warning: 10000, // and has that long to say so
    state: 20000, // so often the page asks whether it is still right
    awake: 120000, // so long a touch wakes the screen outside opening hours
    corner: 3000, // four taps within that open the corner of the staff
    ...window.hailongTimes,
  };

  h.text = (key) => texts[h.language][key] || "";
  // words chooses from what the questionnaire says in several languages.
  h.words = (w) => (w && (w[h.language] || w.vi)) || "";

  h.say = (sentence) => {
    const p = find("problem");
    p.textContent = sentence || "";
    p.hidden = !sentence;
  };

  const screen = () => h.screens[h.step] || {};

  h.show = (step) => {
    if (screen().leave) screen().leave();
    h.step = body.dataset.step = step;
    const section = screen().section || step;
    for (const s of document.querySelectorAll("main > section")) s.hidden = s.id !== section;
    h.say("");
    h.hush();
    if (screen().draw) screen().draw();
    if (screen().enter) screen().enter();
    const first = screen().focus ? screen().focus() : document.querySelector("#" + section + " h1[tabindex]");
    if (first) first.focus({ preventScroll: true });
    h.wait();
  };

  h.speak = (tag) => {
    h.language = document.documentElement.lang = tag;
    for (const e of document.querySelectorAll("[data-t]")) e.textContent = h.text(e.dataset.t);
    for (const e of document.querySelectorAll("[data-name]")) e.setAttribute("aria-label", h.text(e.dataset.name));
    for (const a of document.querySelectorAll("a[data-language]")) {
      if (a.dataset.language === tag) a.setAttribute("aria-current", "true");
      else a.removeAttribute("aria-current");
    }
    document.title = h.text("kiosk.title");
    h.say("");
    h.hush();
    if (screen().draw) screen().draw();
    h.voices();
  };

  // Nothing of the person who was here outlives this.
  h.start = () => {
    h.sitting = null;
    for (const f of document.querySelectorAll("input:not([type=hidden]), textarea")) {
      if (f.type === "checkbox") f.checked = false;
      else f.value = "";
    }
    for (const id of ["their-name", "their-contact"]) find(id).textContent = "";
    h.show(h.sleeping() ? "asleep" : "start");
    if (h.language !== home) h.speak(home);
  };

  // open shows the on-screen keyboard for a field; close is part of leaving.
  h.open = (field, layout, more) => {
    if (h.keys) h.keys.open({ field, layout, telex: (layout === "text" || layout === "contact") && h.language === "vi", language: h.language, labels: h.labels(), ...more });
  };
  h.close = () => h.keys && h.keys.close();
  h.labels = () => {
    const labels = {};
    for (const key of Object.keys(texts[h.language])) if (key.startsWith("kiosk.key.")) labels[key.slice(10)] = h.text(key);
    return labels;
  };

  // rove makes a row one tab stop, with the arrows from button to button.
  h.rove = (buttons) => {
    const stop = (at) => buttons.forEach((b, i) => (b.tabIndex = i === at ? 0 : -1));
    stop(0);
    buttons.forEach((b, i) => {
      b.addEventListener("focus", () => stop(i));
      b.addEventListener("keydown", (e) => {
        const to = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: buttons.length - 1 }[e.key];
        if (to === undefined) return;
        e.preventDefault();
        buttons[(to + buttons.length) % buttons.length].focus();
      });
    });
    return () => stop(0);
  };

  document.addEventListener("DOMContentLoaded", () => {
    body.classList.add("scripted");
    for (const a of document.querySelectorAll("a[data-language]")) {
      a.addEventListener("click", (e) => {
        e.preventDefault();
        h.speak(a.dataset.language);
      });
    }
    for (const b of document.querySelectorAll("[data-go]")) {
      b.addEventListener("click", (e) => {
        e.preventDefault(); // some are links, for pages without script
        if (b.dataset.go === "start") h.start();
        else h.show(b.dataset.go);
      });
    }
    find("leave").addEventListener("click", (e) => {
      e.preventDefault();
      h.start();
    });
    document.addEventListener("contextmenu", (e) => e.preventDefault());
    // Neither reload nor the back button brings anything back.
    history.replaceState(null, "", location.pathname === "/" ? location.href : "/");
    window.addEventListener("pageshow", (e) => e.persisted && h.start());
    h.voices();
    h.start();
  });
})(window.hailong);
