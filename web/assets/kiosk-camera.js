// Codes held before the device's camera: read by the browser itself where it
// can, else by zxing, which is loaded when a camera is first started. No
// picture is kept, and none leaves the page.
"use strict";
window.hailong = window.hailong || {};
window.hailong.camera = (() => {
  const pause = 120; // ms between two looks, so that the page stays quick on an old PC
  const width = 960; // px of the picture that is searched, at most: smaller is quicker, and evens out noise
  const here = document.currentScript.src;
  // What receipts bear. Other kinds would slow each look down: DataMatrix to a third of the pace.
  const formats = { native: ["qr_code", "code_128", "code_39"], zxing: ["QRCode", "Code128", "Code39"] };
  const library = new URL("zxing.js", here).href;

  async function native() {
    if (!("BarcodeDetector" in window)) return null;
    const can = await BarcodeDetector.getSupportedFormats();
    if (!can.includes("qr_code") || !can.includes("code_128")) return null;
    const detector = new BarcodeDetector({ formats: formats.native.filter((f) => can.includes(f)) });
    return async (canvas) => (await detector.detect(canvas))[0]?.rawValue;
  }

  function load() {
    if (window.ZXingWASM) return Promise.resolve();
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = done;
      script.onerror = () => failed(new Error("no zxing.js"));
      document.head.append(script);
    });
  }

  async function zxing() {
    await load();
    const overrides = { locateFile: (name) => new URL(name, here).href };
    await ZXingWASM.prepareZXingModule({ overrides, fireImmediately: true });
    const options = { formats: formats.zxing, tryInvert: false, maxNumberOfSymbols: 1 };
    return async (canvas, pen) => {
      const found = await ZXingWASM.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), options);
      return found.find((f) => f.isValid)?.text;
    };
  }

  // available says whether a camera is there and something that reads codes.
  async function available() {
    try {
      const devices = await navigator.mediaDevices.enumerateDevices();
      if (!devices.some((d) => d.kind === "videoinput")) return false;
      return Boolean(await native()) || (await fetch(library, { method: "HEAD" })).ok;
    } catch {
      return false; // no secure address, or the kiosk's program is being started anew
    }
  }

  const reasons = { NotAllowedError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy" };

  // start shows the camera's picture in a video element and gives each code that
  // is read to onCode, one after another, the same not twice in a row. It
  // resolves, always, to a function that ends it all; whoever left meanwhile
  // calls that one at once. onError gets "denied", "none" (no camera), "busy"
  // (another program has it), "reader" (nothing here reads codes) or "lost".
  async function start(video, onCode, onError) {
    let stream = null;
    let over = false;
    let last = "";

    function stop() {
      over = true;
      for (const track of stream ? stream.getTracks() : []) track.stop();
      if (video.srcObject === stream) video.srcObject = null;
    }
    function fail(reason) {
      if (over) return;
      stop();
      onError(reason);
    }

    let read;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } } });
      for (const track of stream.getTracks()) track.addEventListener("ended", () => fail("lost"));
      video.muted = video.playsInline = true;
      video.srcObject = stream;
      await video.play();
    } catch (e) {
      fail(reasons[e.name] || "busy");
      return stop;
    }
    try {
      read = (await native()) || (await zxing());
    } catch {
      fail("reader");
      return stop;
    }

    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    async function look() {
      if (over) return;
      const scale = Math.min(1, width / video.videoWidth);
      canvas.width = video.videoWidth * scale;
      canvas.height = video.videoHeight * scale;
      let text;
      try {
        pen.drawImage(video, 0, 0, canvas.width, canvas.height);
        text = await read(canvas, pen);
      } catch {
        return fail("reader");
      }
      if (over) return;
      if (text && text !== last) {
        last = text;
        onCode(text);
      }
      setTimeout(look, pause);
    }
    look();
    return stop;
  }

  return { available, start };
})();
