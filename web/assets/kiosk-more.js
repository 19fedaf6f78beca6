// What follows the thanks, for whoever wants: the questions of the sheet, what
// was good and what was not, a comment, a wish to be contacted. One screen each,
// each recorded at once, each as easily skipped as answered.
"use strict";
((h) => {
  const { find, screens, sheet, setup } = h;
  const limits = setup.limits || {};
  const scores = [...document.querySelectorAll("#ask .faces button")];
  const first = h.rove(scores);

  // path is what this sitting goes through, by name of screen.
  const path = sheet ? [...(sheet.questions || []).map(() => "ask")] : [];
  if (sheet && (sheet.reasons || []).length) path.push("ticks");
  if (sheet && setup.words) path.push("comment", "contact");

  h.follow = () => go(0);
  const go = (at) => {
    h.sitting.at = at;
    h.show(at < path.length ? path[at] : "done");
  };
  const next = () => go(h.sitting.at + 1);
  const within = { name: "contact", reach: "name", consent: "reach" }; // screens of one step
  const back = () => (within[h.step] ? h.show(within[h.step]) : go(h.sitting.at - 1));

  // progress writes «2/5», for the eye and for the ear.
  function progress() {
    const at = h.sitting.at;
    for (const p of document.querySelectorAll("main > section:not([hidden]) .progress")) p.textContent = `${at + 1}/${path.length}`;
    for (const b of document.querySelectorAll('main > section:not([hidden]) [data-do="back"]')) b.classList.toggle("gone", at === 0 && !within[h.step]);
  }

  // Questions

  const question = () => sheet.questions[h.sitting.at];
  const mark = (score) => {
    h.press(scores, score);
    for (const b of scores) b.setAttribute("aria-pressed", String(Number(b.value) === score));
  };
  async function answer(code, score) {
    const s = h.sitting;
    const at = s.at;
    s.answers[code] = score;
    if (h.step === "ask" && question().code === code) mark(score);
    const good = await h.record();
    if (h.sitting === s && h.step === "ask" && s.at === at && question().code === code && good) next();
  }
  screens.ask = {
    draw: () => {
      find("asked").textContent = h.words(question().text);
      h.paint(scores);
      mark(h.sitting.answers[question().code] || 0);
      progress();
    },
    enter: () => first(),
  };
  for (const b of scores) {
    b.addEventListener("click", (e) => {
      const { code } = question();
      h.taps(e, scores, (score) => answer(code, score));
      answer(code, Number(b.value));
    });
  }

  // Ticks

  function drawTicks() {
    for (const [id, sign, text] of [["good", "+", "good"], ["bad", "-", "bad"]]) {
      find(id).replaceChildren(
        ...sheet.reasons.map((r) => {
          const b = document.createElement("button");
          b.type = "button";
          b.className = "reason";
          b.value = sign + r.code;
          b.textContent = h.words(r[text]);
          b.setAttribute("aria-pressed", String(h.sitting.ticked.includes(b.value)));
          b.addEventListener("click", () => tick(b));
          return b;
        }),
      );
    }
    onward();
    progress();
  }
  // What is ticked as good is not ticked as not good as well.
  function tick(button) {
    const s = h.sitting;
    const was = s.ticked.includes(button.value);
    s.ticked = s.ticked.filter((t) => t.slice(1) !== button.value.slice(1));
    if (!was) s.ticked.push(button.value);
    for (const b of document.querySelectorAll(".reason")) b.setAttribute("aria-pressed", String(s.ticked.includes(b.value)));
    onward();
  }
  // The button says «skip» until there is something to go on with.
  function onward() {
    const b = document.querySelector('#ticks [data-do="next"]');
    b.textContent = h.text(h.sitting.ticked.length ? "kiosk.go" : "kiosk.skip");
  }
  async function keepTicks() {
    const s = h.sitting;
    if (s.ticked.join() !== s.reasons.join()) {
      s.reasons = [...s.ticked];
      if (!(await h.record())) return;
    }
    if (h.step === "ticks") next();
  }
  screens.ticks = {
    draw: () => {
      h.sitting.ticked = h.sitting.ticked || [...h.sitting.reasons];
      drawTicks();
    },
    leave: () => h.sitting && (h.sitting.ticked = undefined),
  };

  // Words. A comment is one screen; name and telephone are two, as the keyboard
  // leaves room for one field.

  const field = find("written");
  let held = ""; // the screen whose words the field holds
  const limit = () => ({ comment: limits.comment, name: limits.name, reach: limits.contact })[h.step];
  const length = (text) => [...text].length;

  function count() {
    if (length(field.value) > limit()) {
      field.value = [...field.value].slice(0, limit()).join("");
      h.say(h.text("kiosk.cut"));
    }
    h.sitting.words[h.step] = field.value;
    find("count").textContent = `${length(field.value)}/${limit()}`;
    document.querySelector('#write [data-do="next"]').textContent = h.text(field.value.trim() ? "kiosk.go" : "kiosk.skip");
  }
  function writing(title, hint, layout) {
    return {
      section: "write",
      draw: () => {
        find("writing").textContent = h.text(title);
        find("hint").textContent = h.text(hint);
        if (held !== h.step) field.value = h.sitting.words[h.step] || "";
        held = h.step;
        count();
        progress();
        h.open(field, layout, { onEnter: keepWords, onChange: count, onFull: () => h.say(h.text("kiosk.full")), limit: limit() });
      },
      leave: () => {
        h.close();
        field.value = held = "";
      },
      focus: () => field,
    };
  }
  async function keepWords() {
    const s = h.sitting;
    const text = field.value.trim();
    const of = h.step;
    if (of === "name") return h.show("reach");
    if (of === "reach") return text ? h.show("consent") : next();
    if (text !== (s.sent || "")) {
      s.send = { comment: text };
      if (!(await h.record())) return;
      s.sent = text;
    }
    if (h.step !== of) return;
    const { cut } = s;
    next();
    if (cut) h.say(h.text("kiosk.cut"));
  }
  screens.comment = writing("kiosk.comment", "kiosk.comment.help", "text");
  screens.name = writing("kiosk.name", "kiosk.name.help", "text");
  screens.reach = writing("kiosk.reach", "kiosk.reach.help", "contact");
  field.addEventListener("input", () => screens[h.step].section === "write" && count());

  // Contact: nothing is kept before the person agrees.

  screens.contact = { draw: progress };
  screens.consent = {
    draw: () => {
      find("their-name").textContent = (h.sitting.words.name || "").trim() || "–";
      find("their-contact").textContent = h.sitting.words.reach.trim();
      find("agreed").textContent = h.words(sheet.consent);
      progress();
    },
    enter: () => (find("agree").checked = false),
  };
  find("send").addEventListener("click", async () => {
    if (!find("agree").checked) return h.say(h.text("kiosk.consent.needed"));
    const s = h.sitting;
    s.send = { contact: { name: (s.words.name || "").trim(), contact: s.words.reach.trim(), consent: h.words(sheet.consent) } };
    if ((await h.record()) && h.step === "consent") next();
  });

  screens.done = {
    get stays() {
      return h.times.thanks;
    },
  };

  const onwards = { ticks: keepTicks, comment: keepWords, name: keepWords, reach: keepWords };
  for (const b of document.querySelectorAll('[data-do="next"]')) b.addEventListener("click", () => (onwards[h.step] || next)());
  for (const b of document.querySelectorAll('[data-do="back"]')) b.addEventListener("click", back);
})(window.hailong);
