// The keys for a PIN, on the page that a wrong one leads to.
"use strict";
(() => {
  const box = document.getElementById("keys");
  const field = document.getElementById("pin");
  const { keyboard, backspace, enter } = box.dataset;
  window.hailong.keys.open({ field, layout: "digits", labels: { keyboard, backspace, enter }, onEnter: () => field.form.requestSubmit(), limit: field.maxLength });
})();
