// The pages of the staff close by themselves, so that no citizen finds one open;
// as long as somebody reads or types there, they stay.
"use strict";
(() => {
  const stays = (window.hailongTimes && window.hailongTimes.staff) || 120000; // milliseconds; a test may set others beforehand
  let leave = 0;
  const again = () => {
    clearTimeout(leave);
    leave = setTimeout(() => location.replace("/"), stays);
  };
  for (const used of ["pointerdown", "pointermove", "keydown", "scroll"]) document.addEventListener(used, again, { capture: true, passive: true });
  again();
})();
