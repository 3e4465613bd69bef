/**
 * Yields the events of asynchronous work as they come, and returns its result. Leaving the iteration (`break`,
 * `return`) aborts the work and waits for its end.
 * @param work gets a function that emits an event, and a signal that follows `signal`
 */
export async function* streamEvents<Event, Result>(
  work: (emit: (event: Event) => void, stop: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Event, Result, void> {
  const left = new AbortController();
  const stop = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const queue: Event[] = [];
  let wake = () => {};
  let settled = false;
  const emit = (event: Event) => {
    queue.push(event);
    wake();
  };
  const done = work(emit, stop).finally(() => {
    settled = true;
    wake();
  });
  // Thrown below, once the events before it are out.
  done.catch(() => {});
  try {
    for (;;) {
      const event = queue.shift();
      if (event !== undefined) yield event;
      else if (settled) return await done;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    left.abort();
    await done.catch(() => {});
  }
}
