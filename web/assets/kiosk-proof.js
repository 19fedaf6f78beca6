// The proof code: shown only to who asks for it after the thanks, for a while,
// and then nowhere any more. It says nothing of what was tapped.
"use strict";
((h) => {
  const { find, screens } = h;
  const picture = find("proof-picture");
  const code = find("proof-code");
  const clear = () => {
    picture.replaceChildren();
    code.textContent = "";
  };

  screens.proof = {
    enter: async () => {
      const s = h.sitting;
      const answer = await h.post("/api/v1/proofs", { proof: s.proof });
      if (h.sitting !== s || h.step !== "proof") return;
      if (answer.status !== 200) return h.say(h.sentence(answer));
      code.textContent = answer.body.code;
      const drawn = new DOMParser().parseFromString(answer.body.qr, "image/svg+xml").documentElement;
      drawn.setAttribute("aria-hidden", "true");
      picture.replaceChildren(document.importNode(drawn, true));
    },
    leave: clear,
    get stays() {
      return h.times.proof;
    },
  };

  for (const b of document.querySelectorAll("[data-proof]")) b.addEventListener("click", () => h.sitting && h.sitting.proof && h.show("proof"));
})(window.hailong);
