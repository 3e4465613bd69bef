/** Creates a signal that the first Ctrl-C (or SIGTERM) aborts. The second one ends the process at once. */
export function stopOnInterrupt(onFirst: () => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      onFirst();
      controller.abort();
      return;
    }
    // process.exit would wait for the worker's native call; a signal without a handler does not.
    release();
    process.kill(process.pid, name);
  };
  const release = () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, handle);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, handle);
  return { signal: controller.signal, release };
}
