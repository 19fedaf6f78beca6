// Beside the flow: the corner of the staff, and reading aloud.
"use strict";
((h) => {
  const { find, times } = h;

  // Four taps into the upper left corner, or Alt+Shift+S, ask for the PIN. Who
  // was at the screen is gone then.
  let taps = [];
  const corner = () => {
    h.start();
    h.show("staff");
  };
  document.addEventListener(
    "click",
    (e) => {
      if (e.detail === 0) return; // by keyboard
      const size = find("sign").parentElement.getBoundingClientRect().height;
      if (e.clientX > size * 1.5 || e.clientY > size) return (taps = []);
      taps = [...taps.filter((at) => e.timeStamp - at < times.corner), e.timeStamp];
      if (taps.length < 4) return;
      taps = [];
      corner();
    },
    true,
  );
  document.addEventListener("keydown", (e) => {
    if (!e.altKey || !e.shiftKey || e.code !== "KeyS") return;
    e.preventDefault();
    corner();
  });
  h.screens.staff = {
    draw: () => h.open(find("pin"), "digits", { onEnter: () => find("staff-form").requestSubmit(), limit: 32 }),
    leave: h.close,
    focus: () => find("pin"),
  };

  // Reading aloud: only with a voice that is in the device itself, since others
  // would send the text away.
  const speech = window.speechSynthesis;
  const voice = () => speech && speech.getVoices().find((v) => v.localService && v.lang.toLowerCase().split(/[-_]/)[0] === h.language);
  h.voices = () => (find("aloud").hidden = !voice());
  h.hush = () => speech && speech.cancel();
  if (speech) speech.addEventListener("voiceschanged", h.voices);
  find("aloud").addEventListener("click", () => {
    h.hush();
    const section = document.querySelector("main > section:not([hidden])");
    const parts = [...section.querySelectorAll("h1, h2, p.lead, button, label, .way span, .read p, .read li")].filter((e) => e.offsetParent && !e.closest(".keys"));
    const told = parts.filter((e) => !parts.some((other) => other !== e && other.contains(e))).map((e) => e.textContent.trim());
    const say = new SpeechSynthesisUtterance(told.filter(Boolean).join(". "));
    say.voice = voice();
    say.lang = say.voice.lang;
    speech.speak(say);
  });
})(window.hailong);
