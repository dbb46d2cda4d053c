// Axes of the plots, alike everywhere: quiet lines, the page's font, times of the day as the page writes them.
import type uPlot from 'uplot';
import { clock } from './format';
import type { Paint } from './paint';

const font = '11px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

export function axis(paint: Paint, more: uPlot.Axis = {}): uPlot.Axis {
  return {
    font,
    stroke: paint('faint'),
    grid: { stroke: paint('rule'), width: 1 },
    ticks: { stroke: paint('rule'), width: 1, size: 4 },
    gap: 4,
    ...more,
  };
}

export function timeAxis(paint: Paint): uPlot.Axis {
  return axis(paint, {
    size: 26,
    space: 70,
    values: (_plot, ticks) => {
      const now = ticks.at(-1) ?? 0;
      const near = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 60;
      return ticks.map((tick) => clock(tick, now, near));
    },
  });
}

/** A plot of which one reads values under the pointer, without zoom and legend. */
export const quiet = {
  legend: { show: false },
  cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
} satisfies Partial<uPlot.Options>;

/** Calls `tell` with the index under the pointer, null when it is gone. */
export function follow(tell: (index: number | null) => void): uPlot.Hooks.Arrays {
  return { setCursor: [(plot) => tell(plot.cursor.idx ?? null)] };
}
