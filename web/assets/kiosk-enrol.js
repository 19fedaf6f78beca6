// The keys for a server's address and a code, where staff have the kiosk let in.
"use strict";
(() => {
  const labels = { ...document.getElementById("keys").dataset };
  const open = (field, layout, onEnter) => window.hailong.keys.open({ field, layout, labels, onEnter, limit: field.maxLength });
  const server = document.getElementById("server");
  const code = document.getElementById("code");
  if (!server) return;
  const keys = {
    server: () => open(server, "text", () => code.focus()),
    code: () => open(code, "code", () => code.form.requestSubmit()),
  };
  for (const field of [server, code]) field.addEventListener("focus", keys[field.id]);
  (server.value ? code : server).focus();
  keys[document.activeElement.id]?.();
})();
