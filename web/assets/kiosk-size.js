// How large a millimetre is: a browser does not know its screen, a setting does.
// On a screen narrower than five faces, or lower than four rows of buttons, of
// 20 mm each, everything is as much smaller as it must be.
"use strict";
(() => {
  const mm = Number(document.body.dataset.mm); // the screen's width; 0: not known
  function measure() {
    if (mm > 0) document.documentElement.style.setProperty("--mm", Math.min(innerWidth / mm, innerWidth / 125, innerHeight / 90) + "px");
  }
  measure();
  window.addEventListener("resize", measure);
})();
