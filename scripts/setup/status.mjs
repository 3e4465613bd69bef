// Progress of the running jobs: one line that is rewritten in a terminal, plain lines at the start and end of each job
// elsewhere.
import { say } from './steps.mjs';

const running = new Map();
const terminal = process.stderr.isTTY === true;
let quiet = false;
let script = 'set-up';

/** Sets the name that progress lines begin with. */
export const setScript = (name) => {
  script = name;
};

export const setQuiet = (value) => {
  quiet = value;
};

const draw = () => {
  if (!terminal || quiet) return;
  const width = (process.stderr.columns ?? 80) - 1;
  const text = [...running].map(([title, detail]) => `${title} ${detail}`.trim()).join(' | ');
  process.stderr.write(`\r\x1b[K${text.length > width ? `${text.slice(0, width - 1)}…` : text}`);
};

/** Prints `text` on a line of its own above the progress line. */
export const tell = (text) => {
  if (terminal && !quiet) process.stderr.write('\r\x1b[K');
  say(text);
  if (running.size > 0) draw();
};

/** Runs `work` under a title. `work` receives a function that sets the detail shown after the title. */
export const job = async (title, work) => {
  const started = Date.now();
  const detail = (text) => {
    running.set(title, text.trim());
    draw();
  };
  if (!quiet && !terminal) say(`${script}: ${title} …`);
  detail('…');
  try {
    const result = await work(detail);
    running.delete(title);
    if (!quiet) tell(`${script}: ${title} done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    running.delete(title);
    draw();
    throw error;
  }
};
