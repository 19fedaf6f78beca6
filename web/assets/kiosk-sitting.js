// One person's sitting: what was scanned, tapped and written, and how it comes
// onto the kiosk's disk. Each tap writes the whole rating again; the latest of a
// sitting counts.
"use strict";
((h) => {
  let asking = false; // a scan is being read

  h.post = async (path, value) => {
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), h.times.answer);
    try {
      const answer = await fetch(path + "?lang=" + h.language, {
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
  };

  // The server writes two languages; the catalogue has what a citizen may meet in all.
  h.sentence = (answer) => h.text("kiosk.error." + answer.body.code) || answer.body.message || h.text("kiosk.unreachable");
  h.busy = () => asking || !!(h.sitting && h.sitting.sending);

  // begin asks whether the text is a code at all; "" is someone without one. A
  // text that is none leaves a sitting as it was.
  h.begin = async (scan) => {
    if (asking) return;
    asking = true;
    const answer = await h.post("/api/v1/scans", { scan });
    asking = false;
    if (answer.status === 200 && answer.body.session) {
      h.start();
      h.sitting = { scan, session: answer.body.session, shown: performance.now(), score: 0, took: 0, answers: {}, reasons: [], words: {}, send: {}, at: 0 };
      h.show("faces");
      return;
    }
    if (h.step === "start" || h.step === "asleep" || h.step === "camera") h.show("how");
    h.say(h.sentence(answer));
    h.wait();
  };

  // said is what tells one rating of a sitting from the next.
  const said = (s) => ({
    score: s.score,
    ...(h.sheet && { questionnaire: h.sheet.version }),
    ...(Object.keys(s.answers).length && { answers: s.answers }),
    ...(s.reasons.length && { reasons: s.reasons }),
    ...s.send, // words go once
  });

  async function send(s) {
    let answer, now;
    do {
      now = JSON.stringify(said(s));
      answer = await h.post("/api/v1/ratings", { scan: s.scan, session: s.session, language: h.language, took_ms: s.took, ...said(s) });
    } while (answer.status === 201 && now !== JSON.stringify(said(s)));
    s.send = {};
    if (answer.status === 201) s.proof = answer.body.proof;
    return answer;
  }

  // record has the sitting as it is now recorded. What changes while a rating is
  // being written is sent after it; then all who wait get the last answer.
  // True when it is on the disk and the person is still here.
  h.record = async () => {
    const s = h.sitting;
    if (!s.took) s.took = Math.max(1, Math.round(performance.now() - s.shown));
    s.sending = s.sending || send(s).finally(() => (s.sending = null));
    const answer = await s.sending;
    if (h.sitting !== s) return false;
    const good = answer.status === 201 && answer.body.recorded === true;
    s.cut = good && answer.body.cut === true;
    if (!good) {
      h.say(h.sentence(answer));
      h.wait();
    }
    return good;
  };

  // withdraw takes the sitting's taps back: a slip of the finger.
  h.withdraw = async () => {
    const s = h.sitting;
    await s.sending;
    const answer = await h.post("/api/v1/withdrawals", { scan: s.scan, session: s.session });
    if (h.sitting !== s) return false;
    if (answer.status !== 201) h.say(h.sentence(answer));
    else Object.assign(s, { score: 0, took: 0, proof: "", shown: performance.now() });
    return answer.status === 201;
  };
})(window.hailong);
