/* Draws every [data-chart] with uPlot from the JSON beside it. Colours and dashes differ, so that print stays readable. */
(() => {
  "use strict";

  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const strokes = [
    { stroke: colour("--accent"), width: 2.5, fill: "#a9ccc8" },
    { stroke: colour("--ink-soft"), width: 2, dash: [3, 4] },
  ];
  const font = `14px ${getComputedStyle(document.body).fontFamily}`;

  function written(value, money) {
    const shown = money ? value / 100 : value;
    return shown.toLocaleString(document.documentElement.lang, { notation: "compact", maximumSignificantDigits: 4 });
  }

  /* The last value of each line, written where the line ends. */
  function endLabels(drawing) {
    return (plot) => {
      const { ctx } = plot;
      ctx.save();
      ctx.font = font.replace("14px", `${14 * devicePixelRatio}px`);
      ctx.textAlign = "right";
      ctx.strokeStyle = colour("--paper");
      ctx.lineWidth = 5 * devicePixelRatio;
      drawing.series.forEach((series, index) => {
        const last = series.values.findLastIndex((value) => value !== null);
        if (last < 0) return;
        const below = index % 2;
        ctx.fillStyle = strokes[below].stroke;
        ctx.textBaseline = below ? "top" : "bottom";
        const x = Math.min(plot.valToPos(last, "x", true) + 20 * devicePixelRatio, plot.bbox.left + plot.bbox.width);
        const y = plot.valToPos(series.values[last], "y", true);
        const place = [written(series.values[last], drawing.money), x, y + (below ? 8 : -8) * devicePixelRatio];
        ctx.strokeText(...place);
        ctx.fillText(...place);
      });
      ctx.restore();
    };
  }

  function targetLine(target) {
    return (plot) => {
      if (!target) return;
      const { ctx } = plot;
      const y = plot.valToPos(target.value, "y", true);
      ctx.save();
      ctx.strokeStyle = colour("--ink");
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([8 * devicePixelRatio, 5 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(plot.bbox.left, y);
      ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
      ctx.stroke();
      ctx.restore();
    };
  }

  function options(drawing, width) {
    const bars = drawing.kind === "bars";
    const top = Math.max(drawing.target ? drawing.target.value : 0, ...drawing.series.flatMap((s) => s.values.map((v) => v ?? 0)));
    const axis = { font, stroke: colour("--ink-soft"), grid: { stroke: colour("--hairline"), width: 1 }, ticks: { show: false } };
    return {
      width,
      height: 260,
      legend: { show: false },
      cursor: { show: false },
      padding: [24, 12, 0, 0],
      scales: { x: { time: false, range: [-0.5, drawing.labels.length - 0.5] }, y: { range: [0, top > 0 ? top * 1.08 : 1] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 32,
          space: 56,
          incrs: [1, 2, 3, 4, 6, 12, 24, 52],
          values: (_plot, places) => places.map((place) => drawing.labels[place] ?? ""),
        },
        { ...axis, size: 60, values: (_plot, values) => values.map((value) => written(value, drawing.money)) },
      ],
      series: [
        {},
        ...drawing.series.map((series, index) => ({
          label: series.label,
          ...strokes[index % 2],
          width: bars && !index ? 1 : strokes[index % 2].width,
          fill: bars && !index ? strokes[index % 2].fill : undefined,
          paths: bars && !index ? uPlot.paths.bars({ size: [0.6, 48] }) : undefined,
          points: { show: !(bars && !index) && drawing.labels.length <= 16, size: 7, fill: "#fff", width: 2 },
        })),
      ],
      hooks: { draw: [targetLine(drawing.target), endLabels(drawing)] },
    };
  }

  for (const figure of document.querySelectorAll("[data-chart]")) {
    const area = figure.querySelector(".chart-area");
    const drawing = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    if (!drawing.labels.length) {
      area.hidden = true;
      continue;
    }
    const data = [drawing.labels.map((_label, index) => index), ...drawing.series.map((series) => series.values)];
    const plot = new uPlot(options(drawing, area.clientWidth), data, area);
    new ResizeObserver(() => plot.setSize({ width: area.clientWidth, height: 260 })).observe(area);
  }
})();
