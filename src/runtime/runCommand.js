import { spawn } from 'node:child_process';

/**
 * Runs a command, collects its output and passes it to `onLine` line by line. SIGINT and SIGTERM go to the child, so
 * the caller can clean up after it has ended.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{onLine?: (line: string) => void, env?: NodeJS.ProcessEnv, cwd?: string}} [options]
 * @returns {Promise<{code: number, signal: NodeJS.Signals | null, output: string}>} `code` is 1 after a signal
 */
export function runCommand(command, args, { onLine = () => {}, env = process.env, cwd = process.cwd() } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.once('SIGINT', end).once('SIGTERM', end);
    let output = '';
    let line = '';
    const take = (/** @type {string} */ chunk) => {
      output += chunk;
      const lines = (line + chunk).split(/\r?\n/);
      line = lines.pop() ?? '';
      for (const each of lines) onLine(each);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', end).off('SIGTERM', end);
      if (line !== '') onLine(line);
      resolve({ code: code ?? 1, signal, output });
    });
  });
}
