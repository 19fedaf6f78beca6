// The kiosk's screen: one page that goes from start to faces to thanks and back.
// What a person scanned is in this page's memory and nowhere else: no address,
// no history entry, no storage holds it.
"use strict";
(() => {
  const thanksTime = 5000; // the thanks stay so long, in milliseconds
  const idleTime = 30000; // a screen that nobody touches goes back to the start
  const answerTime = 8000; // the kiosk's own program answers within that
  const keyGap = 60; // a scanner's keys follow each other within that
  const stateTime = 20000; // so often an unused page asks whether it is still right
  const scanLength = 6; // shorter bursts are no scan

  const body = document.body;
  const find = (id) => document.getElementById(id);
  const texts = JSON.parse(find("texts").textContent);
  const home = body.dataset.language;
  const field = find("scan");
  const faces = [...document.querySelectorAll(".faces button")];

  let language = home;
  let sitting = null; // {scan, session, shown} while the faces are shown
  let asking = false; // a scan is being read
  let sending = false; // a tap is being recorded
  let next = 0; // the face that was tapped while another was being recorded
  let timer = 0;

  function say(id, sentence) {
    const p = find(id);
    p.textContent = sentence || "";
    p.hidden = !sentence;
  }

  function speak(tag) {
    language = tag;
    document.documentElement.lang = tag;
    for (const e of document.querySelectorAll("[data-t]")) e.textContent = texts[tag][e.dataset.t] || "";
    for (const a of document.querySelectorAll("a[data-language]")) {
      if (a.dataset.language === tag) a.setAttribute("aria-current", "true");
      else a.removeAttribute("aria-current");
    }
    document.title = texts[tag]["kiosk.title"];
  }

  function show(step) {
    body.dataset.step = step;
    for (const id of ["start", "faces", "thanks"]) find(id).hidden = id !== step;
    say("start-problem", "");
    say("faces-problem", "");
    for (const f of faces) f.classList.remove("pressed");
    wait();
  }

  // Nothing of the person who was here outlives this.
  function start() {
    sitting = null;
    next = 0;
    field.value = "";
    if (document.activeElement) document.activeElement.blur();
    if (language !== home) speak(home);
    show("start");
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(() => (sending || asking ? wait() : start()), body.dataset.step === "thanks" ? thanksTime : idleTime);
  }

  async function post(path, value) {
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), answerTime);
    try {
      const answer = await fetch(path + "?lang=" + language, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(value),
        cache: "no-store",
        signal: stop.signal,
      });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return { status: 0, body: {} };
    } finally {
      clearTimeout(limit);
    }
  }

  const sentence = (answer) => answer.body.message || texts[language]["kiosk.unreachable"];

  // begin asks whether the text is a code at all; "" is someone without one.
  async function begin(scan) {
    if (asking || sending) return;
    asking = true;
    const answer = await post("/api/v1/scans", { scan });
    asking = false;
    field.value = "";
    if (answer.status !== 200 || !answer.body.session) {
      if (body.dataset.step !== "start") show("start");
      sitting = null;
      say("start-problem", sentence(answer));
      wait();
      return;
    }
    next = 0;
    sitting = { scan, session: answer.body.session, shown: performance.now() };
    show("faces");
    find("question").focus({ preventScroll: true });
  }

  // rate has one tap recorded. A tap on another face meanwhile is sent after
  // it, of the same ballot: the last one counts.
  async function rate(score) {
    if (!sitting) return;
    if (sending) {
      next = score;
      return;
    }
    sending = true;
    const of = sitting;
    const took = Math.round(performance.now() - of.shown);
    let answer;
    for (let last = 0; score && score !== last; ) {
      for (const f of faces) f.classList.toggle("pressed", Number(f.value) === score);
      last = score;
      next = 0;
      answer = await post("/api/v1/ratings", { scan: of.scan, session: of.session, score, language, took_ms: took });
      if (answer.status !== 201) break;
      score = next;
    }
    sending = false;
    next = 0;
    if (answer.status === 201 && answer.body.recorded === true) {
      sitting = null;
      show("thanks");
      find("recorded").focus({ preventScroll: true });
    } else {
      for (const f of faces) f.classList.remove("pressed");
      say("faces-problem", sentence(answer));
      wait();
    }
  }

  find("scan-form").addEventListener("submit", (e) => {
    e.preventDefault();
    if (e.submitter && e.submitter.name === "walkin") begin("");
    else if (field.value.trim()) begin(field.value);
    else field.focus();
  });
  find("rate-form").addEventListener("submit", (e) => e.preventDefault());
  for (const f of faces) f.addEventListener("click", () => rate(Number(f.value)));
  for (const id of ["leave", "finish"]) {
    find(id).addEventListener("click", (e) => {
      e.preventDefault();
      if (!sending) start();
    });
  }
  for (const a of document.querySelectorAll("a[data-language]")) {
    a.addEventListener("click", (e) => {
      e.preventDefault();
      speak(a.dataset.language);
      say("start-problem", "");
      say("faces-problem", "");
      wait();
    });
  }

  // A scanner types like a keyboard, faster than any person, wherever the focus
  // is, and ends with Enter.
  let burst = "";
  let last = -Infinity;
  document.addEventListener(
    "keydown",
    (e) => {
      if (e.ctrlKey || e.altKey || e.metaKey || e.isComposing) return;
      const quick = e.timeStamp - last <= keyGap;
      if (e.key === "Enter") {
        const scan = burst;
        burst = "";
        if (quick && scan.length >= scanLength) {
          e.preventDefault();
          e.stopPropagation();
          begin(scan);
        }
      } else if (e.key.length === 1) {
        burst = quick ? (burst + e.key).slice(0, 4096) : e.key;
        last = e.timeStamp;
      }
    },
    true,
  );

  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => body.dataset.step !== "thanks" && wait(), true);
  document.addEventListener("contextmenu", (e) => e.preventDefault());

  // A page that nobody uses loads itself anew when the kiosk's place or program
  // changed; only after an answer, or it would end on the browser's error page.
  setInterval(async () => {
    const unused = () => body.dataset.step === "start" && !asking && !field.value && find("start-problem").hidden;
    if (!unused()) return;
    try {
      const answer = await fetch("/state", { cache: "no-store" });
      const state = await answer.text();
      if (answer.ok && state !== body.dataset.state && unused()) location.replace("/");
    } catch {
      // the kiosk's program is being started anew; the next turn asks again
    }
  }, stateTime);

  // Neither reload nor the back button brings anything back.
  history.replaceState(null, "", location.pathname === "/" ? location.href : "/");
  window.addEventListener("pageshow", (e) => e.persisted && start());
  if (body.dataset.step !== "start") start();
  else wait();
})();
