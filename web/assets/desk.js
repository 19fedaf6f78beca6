// A desk's page: its kinds of chart, and what moves while it is open. Numbers
// come over a stream of events; rates, faces, answers and comments are fetched
// anew where the stream names another version of them.
(function () {
  "use strict";

  var charts = window.hailong.charts;
  var colours = charts.colours;

  charts.makers.week = function (data) {
    var o = charts.frame(data);
    o.grid = { left: 8, right: 8, top: 8, bottom: 4, containLabel: true };
    o.tooltip = { renderMode: "richText", confine: true, formatter: function (p) { return data.rows[p.value[1]] + ", " + data.labels[p.value[0]] + ": " + charts.number(p.value[2]); } };
    o.xAxis = charts.category(data);
    o.xAxis.splitArea = { show: false };
    o.yAxis = { type: "category", inverse: true, data: data.rows, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: colours.ink } };
    var most = data.points.reduce(function (m, p) { return Math.max(m, p[2]); }, 1);
    // The darkest is light enough for the number on it.
    o.visualMap = { show: false, min: 0, max: most, inRange: { color: ["#f2f6f8", "#c9e0ec", "#86b9d6"] } };
    o.series = [{
      type: "heatmap", name: data.series[0].name, data: data.points, itemStyle: { borderColor: "#fff", borderWidth: 2 },
      label: { show: true, color: colours.ink, formatter: function (p) { return p.value[2] ? charts.number(p.value[2]) : ""; } }, emphasis: { disabled: true }
    }];
    return o;
  };

  charts.makers.factors = function (data, box) {
    var o = charts.frame(data);
    var narrow = box.parentElement.clientWidth < 480;
    box.style.height = 40 + (narrow ? 76 : 50) * data.labels.length + "px";
    o.grid.top = 4;
    o.tooltip.axisPointer = { type: "shadow" };
    o.tooltip.formatter = function (items) { return data.notes[items[0].dataIndex]; };
    o.xAxis = { type: "value", min: 0, max: 100, axisLabel: { color: colours.quiet, formatter: charts.percent }, splitLine: { lineStyle: { color: colours.line } } };
    o.yAxis = { type: "category", inverse: true, data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } }, axisLabel: { color: colours.ink, width: narrow ? 120 : 230, overflow: "break", lineHeight: 17 } };
    o.series = [
      { type: "bar", name: data.series[0].name, data: data.series[0].values, barMaxWidth: 22, itemStyle: { color: "#4f93b8", borderRadius: [0, 3, 3, 0] } },
      {
        type: "custom", name: data.series[1].name, silent: true, encode: { x: [0, 1], y: 2 }, z: 3,
        data: data.low.map(function (v, i) { return [v, data.high[i], i]; }).filter(function (v) { return v[0] !== null; }),
        renderItem: function (params, api) {
          var a = api.coord([api.value(0), api.value(2)]), b = api.coord([api.value(1), api.value(2)]);
          var line = function (x1, y1, x2, y2) { return { type: "line", shape: { x1: x1, y1: y1, x2: x2, y2: y2 }, style: { stroke: "#06314b", lineWidth: 2 } }; };
          return { type: "group", children: [line(a[0], a[1], b[0], b[1]), line(a[0], a[1] - 5, a[0], a[1] + 5), line(b[0], b[1] - 5, b[0], b[1] + 5)] };
        }
      }
    ];
    return o;
  };

  var desk = document.getElementById("desk");
  var figures = document.getElementById("figures");

  function numbers(m) {
    if (m.day !== desk.dataset.day) { location.reload(); return; } // midnight
    document.getElementById("number").textContent = charts.number(m.number);
    document.getElementById("walkins").textContent = charts.number(m.walkIns);
    document.querySelectorAll("[data-waiting]").forEach(function (e) { e.textContent = charts.number(m.waiting); });
    var box = document.getElementById("chart-hours");
    var d = charts.drawn.get(box);
    var first = JSON.parse(box.querySelector("script").textContent);
    var outside = m.hours.some(function (n, h) { return n > 0 && (h < first.from || h >= first.from + first.labels.length); });
    if (outside) { location.reload(); return; }
    var shown = m.hours.slice(first.from, first.from + first.labels.length);
    if (d) d.chart.setOption({ series: [{ data: shown }] });
    document.querySelectorAll("#hours td").forEach(function (td, i) { td.textContent = charts.number(shown[i]); });
  }

  // replace puts new figures in, and keeps what is open and the charts: they
  // take the new data where they are.
  function replace(html) {
    var open = {};
    figures.querySelectorAll("details[id]").forEach(function (d) { open[d.id] = d.open; });
    var old = {};
    figures.querySelectorAll("[data-chart]").forEach(function (box) { if (charts.drawn.has(box)) old[box.id] = box; });
    figures.innerHTML = html;
    figures.querySelectorAll("details[id]").forEach(function (d) { if (d.id in open) d.open = open[d.id]; });
    Object.keys(old).forEach(function (id) {
      var box = old[id], fresh = document.getElementById(id), d = charts.drawn.get(box);
      if (!fresh) {
        d.chart.dispose();
        charts.drawn.delete(box);
        return;
      }
      box.querySelector("script").textContent = fresh.querySelector("script").textContent;
      fresh.replaceWith(box);
      d.data = JSON.parse(box.querySelector("script").textContent);
      d.chart.setOption(charts.makers[d.data.kind](d.data, box));
      d.chart.resize();
    });
    charts.draw(figures);
  }

  function live() {
    var state = document.getElementById("live");
    var text = state.querySelector("[data-text]");
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
      part(desk.dataset.part)
        .then(function (html) {
          replace(html);
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

  function part(url) {
    return fetch(url, { cache: "no-store" }).then(function (r) {
      if (!r.ok) throw new Error("status " + r.status);
      return r.text();
    });
  }

  // That a kiosk falls silent is no event: the page asks once a minute, and as
  // soon as it is looked at again.
  function kiosks() {
    var box = document.getElementById("kiosks");
    function ask() {
      if (document.hidden) return;
      part(box.dataset.part).then(function (html) { if (box.innerHTML !== html) box.innerHTML = html; }).catch(function () {}); // the live sign tells
    }
    setInterval(ask, 60000);
    document.addEventListener("visibilitychange", ask);
  }

  if (window.EventSource) live();
  kiosks();
})();
