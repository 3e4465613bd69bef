import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Starts one side of the comparison: a process that answers each JSON line on stdin with one on stdout. It times its
 * work itself, without the pipe.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{core?: number, env?: Record<string, string>}} [options] core: the processor that it is bound to, if
 *   `taskset` (util-linux) is installed; env: more variables
 */
export async function startSide(command, args, { core, env = {} } = {}) {
  const bound = core !== undefined && spawnSync('taskset', ['-c', String(core), 'true']).status === 0;
  // One thread on both sides. The libraries read these variables before the first operator runs.
  const child = spawn(bound ? 'taskset' : command, bound ? ['-c', String(core), command, ...args] : args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise((_, reject) => {
    child.on('error', reject);
  });
  const answer = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`running ${command} ${args[0]}: the process ended before it answered`);
    return JSON.parse(value);
  };
  const hello = await answer();
  return {
    hello,
    /** @param {{work: string, variant: string, batch: number, size: number, steps: number}} request */
    async seconds(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return (await answer()).seconds;
    },
    end: () => child.stdin.end(),
  };
}
