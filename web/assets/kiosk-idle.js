// What the screen does by itself: it asks whether anyone is still there, goes
// back to the start, sleeps outside opening hours, and loads itself anew when
// its place or program changed.
"use strict";
((h) => {
  const { find, setup, times } = h;
  const warning = find("warning");
  let timer = 0;
  let awake = false; // a touch woke the screen outside opening hours
  let rest = 0;

  // wait begins the time without a touch anew.
  h.wait = (touched) => {
    clearTimeout(timer);
    const { stays } = h.screens[h.step] || {};
    if (stays && !touched) timer = setTimeout(h.start, stays);
    else if (h.step === "start") timer = setTimeout(() => h.say(""), times.idle);
    else if (h.step !== "asleep") timer = setTimeout(ask, h.step === "privacy" ? times.read : times.idle);
    if (warning.open) warning.close();
  };

  function ask() {
    if (h.busy()) return h.wait(true);
    warning.style.setProperty("--wait", times.warning + "ms");
    warning.showModal();
    timer = setTimeout(() => {
      warning.close();
      h.start();
    }, times.warning);
  }
  // One touch anywhere, or any key, is enough.
  for (const kind of ["click", "keydown"]) warning.addEventListener(kind, () => h.wait(true));
  warning.addEventListener("close", () => h.step !== "start" && h.wait(true));
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => warning.open || h.wait(true), true);

  // Sleep

  h.sleeping = () => !!setup.asleep && !awake;
  h.screens.asleep = {};
  find("wake").addEventListener("click", () => {
    awake = true;
    clearTimeout(rest);
    rest = setTimeout(doze, times.awake);
    h.start();
  });
  // A person who is still here is not interrupted.
  function doze() {
    if (h.step !== "start") return (rest = setTimeout(doze, times.idle));
    awake = false;
    h.start();
  }

  // State. The page loads itself only after an answer, or it would end on the
  // browser's error page.

  const unused = () => (h.step === "start" || h.step === "asleep") && !h.busy() && find("problem").hidden;
  async function look() {
    let now;
    try {
      const answer = await fetch("/state", { cache: "no-store" });
      if (!answer.ok) return;
      now = await answer.json();
    } catch {
      return; // the kiosk's program is being started anew; the next turn asks again
    }
    sign(now.sign);
    if (!unused()) return;
    if (now.state !== document.body.dataset.state) return location.replace("/");
    setup.asleep = now.asleep;
    if (h.sleeping() !== (h.step === "asleep")) h.start();
  }
  setInterval(look, times.state);
  look();

  // A small sign tells the staff how the kiosk is; to citizens it is an ornament.
  function sign(state) {
    const e = find("sign");
    e.className = state;
    e.hidden = false;
    e.dataset.name = "kiosk.sign." + state;
    e.title = h.text(e.dataset.name);
    e.setAttribute("aria-label", e.title);
  }
})(window.hailong);
