// Fetches an open board anew every few minutes. Where that fails the last
// figures stay, and the board says so.
(function () {
  "use strict";

  var minutes = 3;

  document.addEventListener("DOMContentLoaded", function () {
    var board = document.getElementById("board");

    function renew() {
      fetch(board.dataset.part, { cache: "no-store" })
        .then(function (r) { if (!r.ok) throw new Error("status " + r.status); return r.text(); })
        .then(function (html) { board.innerHTML = html; })
        .catch(function () {
          var at = board.querySelector(".updated");
          if (at && !at.dataset.lost) {
            at.dataset.lost = "true";
            at.textContent = board.dataset.lost + " " + at.textContent;
          }
        });
    }

    board.renew = renew;
    setInterval(renew, minutes * 60 * 1000);
  });
})();
