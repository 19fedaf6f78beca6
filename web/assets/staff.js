// Draws the charts of staff pages and moves the numbers of an open desk page.
// Without it the pages show the same figures as tables.
(function () {
  "use strict";

  var language = document.documentElement.lang || "vi";
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  var colours = { ink: "#14283a", quiet: "#4b5b69", line: "#d9e1e6", deep: "#0b4a6f", span: "#7fb2cf", mark: "#c2570c" };
  var drawn = new Map();

  function number(n) {
    return new Intl.NumberFormat(language === "en" ? "en-GB" : "vi-VN").format(n);
  }

  function percent(v) {
    return number(v) + "%";
  }

  function frame(data) {
    return {
      animation: !still,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.ink },
      aria: { enabled: true, label: { description: data.description } },
      // Rich text is drawn on the canvas: HTML would need inline styles.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true },
      grid: { left: 8, right: 28, top: 28, bottom: 4, containLabel: true }
    };
  }

  function category(data) {
    return { type: "category", data: data.labels, axisLabel: { color: colours.quiet, hideOverlap: true }, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } } };
  }

  var makers = {
    hours: function (data) {
      var o = frame(data);
      o.grid.top = 12;
      o.xAxis = category(data);
      o.yAxis = { type: "value", minInterval: 1, axisLabel: { color: colours.quiet, formatter: number }, splitLine: { lineStyle: { color: colours.line } } };
      o.series = [{ type: "bar", name: data.series[0].name, data: data.series[0].values, barMaxWidth: 36, itemStyle: { color: colours.deep, borderRadius: [3, 3, 0, 0] } }];
      return o;
    },
    days: function (data) {
      var o = frame(data);
      o.legend = { top: 0, right: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, data: [data.series[0].name, data.series[1].name, data.series[2].name], selectedMode: false };
      o.tooltip.formatter = function (items) { return data.notes[items[0].dataIndex]; };
      o.xAxis = category(data);
      o.xAxis.boundaryGap = false;
      o.grid.right = 48; // half of a label such as 22/11–23/11, or it is cut off
      o.yAxis = { type: "value", min: data.from, max: 100, axisLabel: { color: colours.quiet, formatter: percent }, splitLine: { lineStyle: { color: colours.line } } };
      var low = data.low.map(function (v) { return Math.max(v, data.from); });
      o.series = [
        { type: "line", name: "low", stack: "interval", data: low, symbol: "none", lineStyle: { opacity: 0 }, silent: true },
        { type: "line", name: data.series[2].name, stack: "interval", data: data.high.map(function (v, i) { return v - low[i]; }), symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: colours.span, opacity: 0.35 }, itemStyle: { color: colours.span }, silent: true },
        { type: "line", name: data.series[0].name, data: data.series[0].values, symbol: "circle", symbolSize: 6, showAllSymbol: true, lineStyle: { width: 2 }, itemStyle: { color: colours.deep } },
        { type: "line", name: data.series[1].name, data: data.series[1].values, step: "middle", symbol: "none", lineStyle: { width: 2, type: "dashed" }, itemStyle: { color: colours.mark } }
      ];
      return o;
    },
    verdicts: function (data) {
      var o = frame(data);
      var fill = ["#2f8a5b", "#c8502f", "#a9b5be"];
      o.aria.decal = { show: true };
      o.legend = { top: 0, left: 0, selectedMode: false };
      o.tooltip.axisPointer = { type: "shadow" };
      o.xAxis = { type: "value", minInterval: 1, axisLabel: { color: colours.quiet }, splitLine: { lineStyle: { color: colours.line } } };
      o.yAxis = { type: "category", inverse: true, data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } }, axisLabel: { color: colours.ink } };
      o.series = data.series.map(function (s, i) {
        return { type: "bar", stack: "units", name: s.name, data: s.values, barMaxWidth: 22, itemStyle: { color: fill[i] } };
      });
      return o;
    }
  };

  function draw(root) {
    if (!window.echarts) return;
    root.querySelectorAll("[data-chart]").forEach(function (box) {
      var data = JSON.parse(box.querySelector("script").textContent);
      box.hidden = false;
      if (data.kind === "verdicts") box.style.height = 64 + 30 * data.labels.length + "px";
      var canvas = document.createElement("div");
      canvas.style.height = "100%";
      box.appendChild(canvas);
      var chart = window.echarts.init(canvas, null, { renderer: "canvas" });
      chart.setOption(makers[data.kind](data));
      drawn.set(box, { chart: chart, data: data });
      var behind = box.nextElementSibling;
      if (behind && behind.tagName === "DETAILS") behind.open = false;
    });
  }

  window.addEventListener("resize", function () {
    drawn.forEach(function (d) { d.chart.resize(); });
  });

  function forget(root) {
    drawn.forEach(function (d, box) {
      if (root.contains(box)) {
        d.chart.dispose();
        drawn.delete(box);
      }
    });
  }

  function numbers(m) {
    if (m.day !== document.getElementById("desk").dataset.day) { location.reload(); return; } // midnight
    document.getElementById("number").textContent = number(m.number);
    document.getElementById("walkins").textContent = number(m.walkIns);
    document.querySelectorAll("[data-waiting]").forEach(function (e) { e.textContent = number(m.waiting); });
    var box = document.querySelector(".chart-hours");
    var d = drawn.get(box);
    var first = JSON.parse(box.querySelector("script").textContent);
    var outside = m.hours.some(function (n, h) { return n > 0 && (h < first.from || h >= first.from + first.labels.length); });
    if (outside) { location.reload(); return; }
    var shown = m.hours.slice(first.from, first.from + first.labels.length);
    if (d) d.chart.setOption({ series: [{ data: shown }] });
    document.querySelectorAll("#hours td").forEach(function (td, i) { td.textContent = number(shown[i]); });
  }

  function live(desk) {
    var state = document.getElementById("live");
    var text = state.querySelector("[data-text]");
    var figures = document.getElementById("figures");
    var wanted = "";
    var busy = false;

    function say(on) {
      state.hidden = false;
      state.classList.toggle("on", on);
      var words = on ? state.dataset.words : state.dataset.lost;
      if (text.textContent !== words) text.textContent = words;
    }

    // Fetches rates and faces anew until the page shows what the server named.
    function renew() {
      if (busy || !wanted || figures.firstElementChild.dataset.version === wanted) return;
      busy = true;
      fetch(desk.dataset.part, { cache: "no-store" })
        .then(function (r) { if (!r.ok) throw new Error("status " + r.status); return r.text(); })
        .then(function (html) {
          forget(figures);
          figures.innerHTML = html;
          draw(figures);
          if (figures.firstElementChild.dataset.version !== wanted) setTimeout(renew, 1000);
        })
        .catch(function () { setTimeout(renew, 3000); })
        .finally(function () { busy = false; });
    }

    function open() {
      var source = new EventSource(desk.dataset.live);
      source.addEventListener("open", function () { say(true); });
      source.addEventListener("numbers", function (e) { numbers(JSON.parse(e.data)); });
      source.addEventListener("figures", function (e) { wanted = e.data; renew(); });
      source.addEventListener("error", function () {
        say(false);
        // The browser tries again by itself, but gives up after an answer that
        // is no stream, such as a proxy's error page.
        if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
      });
    }
    open();
  }

  draw(document);
  var desk = document.getElementById("desk");
  if (desk && window.EventSource) live(desk);
})();
