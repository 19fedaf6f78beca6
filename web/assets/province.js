// Kinds of chart of a unit's page and of the map. A table beside each says the
// same.
(function () {
  "use strict";

  var charts = window.hailong.charts;
  var colours = charts.colours;
  // By verdict, as the table's badges: colour, and a pattern that is told apart
  // without it.
  var fills = { met: "#7fc29b", notmet: "#e08a6f", toofew: "#cfd7dc", none: "#f3f5f6" };
  var patterns = {
    met: null,
    notmet: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: 0.785, color: "rgba(80,20,5,.55)" },
    toofew: { symbol: "circle", dashArrayX: [[5, 5], [0, 5, 5, 0]], dashArrayY: [5, 0], symbolSize: 0.6, color: "rgba(40,55,65,.5)" },
    none: null
  };

  charts.makers.times = function (data) {
    var o = charts.frame(data);
    var fill = ["#2f8a5b", "#9cc9b0", "#c8502f"];
    o.aria.decal = { show: true };
    o.legend = { top: 0, right: 0, selectedMode: false };
    o.tooltip.formatter = function (items) { return data.notes[items[0].dataIndex]; };
    o.xAxis = charts.category(data);
    o.yAxis = { type: "value", minInterval: 1, axisLabel: { color: colours.quiet, formatter: charts.number }, splitLine: { lineStyle: { color: colours.line } } };
    o.series = data.series.map(function (s, i) {
      return { type: "bar", stack: "returned", name: s.name, data: s.values, barMaxWidth: 28, itemStyle: { color: fill[i] } };
    });
    return o;
  };

  charts.makers.map = function (data) {
    var o = charts.frame(data);
    delete o.grid;
    var by = {};
    data.units.forEach(function (u) { by[u.code] = u; });
    o.tooltip = { trigger: "item", renderMode: "richText", confine: true, formatter: function (p) { return by[p.name] ? by[p.name].note : p.name; } };
    o.legend = { bottom: 0, left: "center", selectedMode: false, data: data.classes.map(function (c) { return { name: c.name, icon: "rect", itemStyle: { color: fills[c.class], decal: patterns[c.class], borderColor: "#8596a1", borderWidth: 1 } }; }) };
    o.series = data.classes.map(function (c) { // for the legend alone
      return { type: "pie", name: c.name, radius: 0, silent: true, data: [], color: [fills[c.class]], itemStyle: { color: fills[c.class] } };
    });
    o.legend.data.forEach(function (d, i) { o.series[i].data = [{ name: d.name, value: 0 }]; o.series[i].label = { show: false }; });
    return o;
  };

  // The boundaries come after the page; the map is drawn when they are there.
  document.addEventListener("DOMContentLoaded", function () {
    var box = document.querySelector(".chart-map");
    var d = box && charts.drawn.get(box);
    if (!d) return;
    fetch(d.data.areas)
      .then(function (r) { if (!r.ok) throw new Error("status " + r.status); return r.json(); })
      .then(function (areas) {
        window.echarts.registerMap("areas", areas);
        var o = charts.makers.map(d.data);
        o.series.push({
          type: "map", map: "areas", nameProperty: "code", showLegendSymbol: false, roam: false, selectedMode: false, top: 8, bottom: box.clientWidth < 480 ? 64 : 40, left: 8, right: 8,
          itemStyle: { borderColor: "#5f707c", borderWidth: 0.6, areaColor: fills.none }, label: { show: false }, emphasis: { label: { show: false }, itemStyle: { areaColor: "#ffe2a8" } },
          data: d.data.units.map(function (u) { return { name: u.code, value: 0, itemStyle: { areaColor: fills[u.class], decal: patterns[u.class] } }; })
        });
        d.chart.setOption(o);
        d.chart.on("click", function (p) {
          var u = d.data.units.find(function (x) { return x.code === p.name; });
          if (u && u.link) location.href = u.link;
        });
        box.dataset.drawn = "true";
      })
      .catch(function () { box.hidden = true; });
  });
})();
