// From the start to the thanks: how a person begins, the five faces, and the
// first tap, which is recorded at once.
"use strict";
((h) => {
  const { find, screens } = h;
  const field = find("scan");
  const faces = [...document.querySelectorAll("#rate-form .faces button")];
  const first = h.rove(faces);

  // A second tap soon after the first was meant for the same faces, though the
  // next screen is shown by then: the last one counts.
  let tapped = null; // {at, sitting, places, again}
  h.taps = (e, buttons, again) => {
    if (e.detail === 0) return; // by keyboard
    tapped = { at: e.timeStamp, again, sitting: h.sitting, places: buttons.map((b) => ({ score: Number(b.value), box: b.getBoundingClientRect() })) };
    document.body.dataset.still = "";
    const mine = tapped;
    setTimeout(() => tapped === mine && delete document.body.dataset.still, h.times.still);
  };
  document.addEventListener(
    "click",
    (e) => {
      if (!tapped || tapped.sitting !== h.sitting || e.detail === 0 || e.timeStamp - tapped.at > h.times.still) return;
      e.preventDefault();
      e.stopPropagation();
      const hit = tapped.places.find(({ box: b }) => e.clientX >= b.left && e.clientX <= b.right && e.clientY >= b.top && e.clientY <= b.bottom);
      if (hit) tapped.again(hit.score);
    },
    true,
  );

  h.press = (buttons, score) => buttons.forEach((b) => b.classList.toggle("pressed", Number(b.value) === score));

  // paint writes the words of the scale below faces.
  h.paint = (buttons) => {
    if (!h.sheet) return;
    for (const b of buttons) b.querySelector("span").textContent = h.words(h.sheet.scale[b.value - 1]);
  };

  async function rate(score) {
    h.sitting.score = score;
    h.press(faces, score);
    const good = await h.record();
    if (h.step !== "faces") return;
    if (good) h.show("thanks");
    else h.press(faces, 0);
  }

  screens.how = {
    enter: async () => {
      find("film").hidden = !(h.camera && (await h.camera.available()));
    },
  };

  screens.code = {
    draw: () => h.open(field, "code", { onEnter: () => find("scan-form").requestSubmit(), limit: 512 }),
    leave: h.close,
    focus: () => field,
  };

  let stop = null;
  screens.camera = {
    enter: async () => {
      const ended = await h.camera.start(find("view"), h.begin, () => {
        if (h.step !== "camera") return;
        h.show("how");
        h.say(h.text("kiosk.camera.problem"));
      });
      if (h.step === "camera") stop = ended;
      else if (ended) ended();
    },
    leave: () => {
      if (stop) stop();
      stop = null;
    },
  };

  screens.faces = {
    draw: () => {
      h.paint(faces);
      if (h.sheet) find("question").textContent = h.words(h.sheet.overall);
    },
    enter: () => {
      h.press(faces, 0);
      first();
    },
  };

  let undo = 0;
  screens.thanks = {
    enter: () => {
      find("undo").classList.remove("gone");
      find("more").hidden = !h.sheet;
      find("undo").style.setProperty("--wait", h.times.undo + "ms");
      undo = setTimeout(() => find("undo").classList.add("gone"), h.times.undo);
    },
    leave: () => clearTimeout(undo),
    get stays() {
      return h.sheet ? h.times.invited : h.times.thanks;
    },
  };

  find("start").addEventListener("click", () => h.show("how"));
  find("type").addEventListener("click", () => h.show("code"));
  find("film").addEventListener("click", () => h.show("camera"));
  find("scan-form").addEventListener("submit", (e) => {
    e.preventDefault();
    if (e.submitter && e.submitter.name === "walkin") h.begin("");
    else if (field.value.trim()) h.begin(field.value);
    else field.focus();
  });
  find("rate-form").addEventListener("submit", (e) => e.preventDefault());
  for (const f of faces) {
    f.addEventListener("click", (e) => {
      if (!h.sitting) return;
      h.taps(e, faces, rate);
      rate(Number(f.value));
    });
  }
  find("again").addEventListener("click", async () => {
    if (await h.withdraw()) h.show("faces");
  });
  find("more").addEventListener("click", () => h.follow());
  find("finish").addEventListener("click", (e) => {
    e.preventDefault();
    h.start();
  });
})(window.hailong);
