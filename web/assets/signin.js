// Helps with forms for signing in. Without it they work the same: passwords stay
// hidden, and a link's code is typed.
(function () {
  "use strict";

  // The code of a one-time link stands behind #, which no server is told. It
  // leaves the address at once, so that it does not stay in the history.
  document.querySelectorAll("[data-fragment]").forEach(function (field) {
    if (location.hash.length > 1) {
      field.value = decodeURIComponent(location.hash.slice(1));
      history.replaceState(null, "", location.pathname + location.search);
    }
  });

  document.querySelectorAll("[data-reveal]").forEach(function (button) {
    var field = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", function () {
      var show = field.type === "password";
      field.type = show ? "text" : "password";
      button.textContent = show ? button.dataset.hide : button.dataset.show;
      button.setAttribute("aria-pressed", String(show));
    });
    // A browser that remembers fields must not remember this one as text.
    field.form.addEventListener("submit", function () { field.type = "password"; });
  });

  document.querySelectorAll("[data-length]").forEach(function (meter) {
    var field = document.getElementById(meter.dataset.length);
    var text = document.querySelector('[data-length-text="' + meter.dataset.length + '"]');
    meter.hidden = false;
    function show() {
      var n = Array.from(field.value.normalize("NFC")).length, missing = meter.low - n;
      meter.value = n;
      text.textContent = n === 0 ? "" : missing > 0 ? text.dataset.missing.replace("#", missing) : text.dataset.enough;
    }
    field.addEventListener("input", show);
    show();
  });

  // Places that a role has none of are put aside.
  document.querySelectorAll("select[data-roles]").forEach(function (role) {
    function show() {
      document.querySelectorAll("[data-for]").forEach(function (box) {
        var off = box.dataset.for.split(" ").indexOf(role.value) < 0;
        box.hidden = off;
        box.querySelectorAll("select, input").forEach(function (field) { field.disabled = off; });
      });
    }
    role.addEventListener("change", show);
    show();
  });

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim()).then(function () {
        button.textContent = button.dataset.copied;
      });
    });
  });

  document.querySelectorAll("[data-until]").forEach(function (box) {
    var until = Number(box.dataset.until), timer;
    function show() {
      var left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      box.textContent = left === 0 ? box.dataset.over : Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
      if (left === 0) clearInterval(timer);
    }
    timer = setInterval(show, 1000);
    show();
  });
})();
