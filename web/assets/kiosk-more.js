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
  if (sheet && (sheet.reasons || []).length) path.push("good", "bad");
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

  // Ticks: what was good, then what was not, on two screens of one form.

  const reasons = document.querySelector("#ticks .reasons");
  function side(sign, title, text) {
    return {
      section: "ticks",
      draw: () => {
        find("ticked").textContent = h.text(title);
        reasons.replaceChildren(
          ...sheet.reasons.map((r) => {
            const b = document.createElement("button");
            b.type = "button";
            b.className = "reason";
            b.value = sign + r.code;
            b.textContent = h.words(r[text]);
            b.addEventListener("click", () => tick(b.value));
            return b;
          }),
        );
        drawTicks();
        progress();
      },
    };
  }
  screens.good = side("+", "kiosk.good", "good");
  screens.bad = side("-", "kiosk.bad", "bad");

  // The button says «skip» until there is something to go on with.
  function drawTicks() {
    let some = false;
    for (const b of reasons.children) {
      const ticked = h.sitting.reasons.includes(b.value);
      b.setAttribute("aria-pressed", String(ticked));
      some = some || ticked;
    }
    document.querySelector('#ticks [data-do="next"]').textContent = h.text(some ? "kiosk.go" : "kiosk.skip");
  }
  // What is ticked as good is not ticked as not good as well.
  function tick(value) {
    const s = h.sitting;
    const was = s.reasons.includes(value);
    s.reasons = s.reasons.filter((r) => r.slice(1) !== value.slice(1));
    if (!was) s.reasons.push(value);
    drawTicks();
  }
  async function keepTicks() {
    const s = h.sitting;
    const of = h.step;
    const now = s.reasons.join();
    if (now !== (s.noted || "")) {
      if (!(await h.record())) return;
      s.noted = now;
    }
    if (h.step === of) next();
  }

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

  const onwards = { good: keepTicks, bad: keepTicks, comment: keepWords, name: keepWords, reach: keepWords };
  for (const b of document.querySelectorAll('[data-do="next"]')) b.addEventListener("click", () => (onwards[h.step] || next)());
  for (const b of document.querySelectorAll('[data-do="back"]')) b.addEventListener("click", back);
})(window.hailong);
