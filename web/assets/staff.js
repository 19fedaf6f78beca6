// Draws the charts of staff pages. Without it the pages show the same figures as
// tables.
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
    days: function (data, box) {
      var o = frame(data);
      if (box.clientWidth < 420) o.grid.top = 48; // the legend takes two lines
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
    verdicts: function (data, box) {
      var o = frame(data);
      box.style.height = 64 + 30 * data.labels.length + "px";
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
      if (drawn.has(box)) return;
      var data = JSON.parse(box.querySelector("script").textContent);
      box.hidden = false;
      var option = makers[data.kind](data, box); // may set the height
      var canvas = document.createElement("div");
      canvas.style.height = "100%";
      box.appendChild(canvas);
      var chart = window.echarts.init(canvas, null, { renderer: "canvas" });
      chart.setOption(option);
      drawn.set(box, { chart: chart, data: data });
      var behind = box.nextElementSibling;
      if (behind && behind.tagName === "DETAILS") behind.open = false;
    });
  }

  window.addEventListener("resize", function () {
    drawn.forEach(function (d) { d.chart.resize(); });
  });

  // The scripts of single pages add kinds of chart before the page is drawn.
  window.hailong = Object.assign(window.hailong || {}, {
    charts: { makers: makers, frame: frame, category: category, number: number, percent: percent, colours: colours, drawn: drawn, draw: draw }
  });
  document.addEventListener("DOMContentLoaded", function () { draw(document); });

  // On paper the tables stand beside their charts.
  var shut = [];
  window.addEventListener("beforeprint", function () {
    shut = Array.from(document.querySelectorAll("details:not([open])"));
    shut.forEach(function (d) { d.open = true; });
    drawn.forEach(function (d) { d.chart.resize(); });
  });
  window.addEventListener("afterprint", function () {
    shut.forEach(function (d) { d.open = false; });
    drawn.forEach(function (d) { d.chart.resize(); });
  });
})();
