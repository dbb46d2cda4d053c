// Main-thread work of a page by frame, out of Chromium's own trace.
//
// A frame begins where the main thread is told to make one. What the tasks of the page's main thread took until the
// next one begins is its work: script, style, layout, paint, and whatever came between, such as parsing an answer.

/** Runs `act` and returns milliseconds of work of each frame that was made meanwhile. */
export async function workByFrame(page, act) {
  const cdp = await page.context().browser().newBrowserCDPSession();
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const includedCategories = ['disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame'];
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } });
  await act();
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  await complete;
  await cdp.detach();
  return frames(events);
}

function frames(events) {
  // The page's main thread is the one that made most frames.
  const threads = new Map();
  const thread = (event) => `${event.pid}/${event.tid}`;
  for (const one of events.filter((each) => each.name === 'BeginMainThreadFrame')) {
    threads.set(thread(one), [...(threads.get(thread(one)) ?? []), one.ts]);
  }
  const [key, starts] = [...threads].sort((a, b) => b[1].length - a[1].length)[0] ?? ['', []];
  starts.sort((a, b) => a - b);
  const tasks = events.filter((one) => one.ph === 'X' && one.name === 'RunTask' && thread(one) === key);
  const work = starts.map(() => ({ wall: 0, cpu: 0 }));
  for (const task of tasks) {
    // A task belongs to the frame that began last before its end: it holds the frame's own beginning.
    const end = task.ts + task.dur;
    const at = starts.findLastIndex((start) => start <= end);
    if (at < 0) continue;
    work[at].wall += task.dur / 1000;
    work[at].cpu += (task.tdur ?? task.dur) / 1000;
  }
  return work.slice(0, -1);
}

export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? NaN;
}
