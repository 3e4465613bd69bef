// Makes hostile calls and prints a line of JSON for each: before it, so that a crash names its call, and after it.
// Usage: child.mjs GROUP FIRST
import fs from 'node:fs';
import * as torch from '../../../dist/torch/index.js';
import { native } from '../../../dist/torch/native.js';
import { places } from './places.mjs';
import { hostileValues } from './values.mjs';
import { changes, checkView, owners } from './views.mjs';

const [group, first] = process.argv.slice(2);
// Memory after a block and freed memory cannot be accessed: each error of that kind ends the process.
if (!process.argv.includes('--unguarded')) native().guardAllocations(process.argv.includes('--before'));
torch.setNumThreads(1);
const print = (value) => fs.writeSync(1, `${JSON.stringify(value)}\n`);

/** Describes a result, and reads every value of the tensors in it. */
const described = (value, depth = 0) => {
  if (torch.isTensor(value)) {
    if (value.isDisposed) return 'a disposed Tensor';
    if (value.dtype.startsWith('complex')) return `Tensor ${value.dtype} [${value.shape}]`;
    let text = `Tensor ${value.dtype} [${value.shape}]`;
    try {
      // To digits that do not depend on the processor's instructions.
      text += ` ${JSON.stringify(value.toArray(), (_, one) => (typeof one === 'number' ? Number(one.toPrecision(5)) : one))}`;
    } catch (error) {
      text += ` (${error.name})`;
    }
    return text.length > 160 ? `${text.slice(0, 160)}…` : text;
  }
  if (Array.isArray(value)) return depth > 2 ? '[…]' : `[${value.map((one) => described(one, depth + 1)).join(', ')}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
};

const report = (error) => ({
  error: error instanceof Error ? error.name : typeof error,
  code: error?.code,
  message: String(error?.message ?? error).slice(0, 400),
});

function* calls() {
  if (group === 'views')
    for (const [owner, make] of Object.entries(owners(torch)))
      for (const [name, change] of Object.entries(changes(torch)))
        yield [`${owner}: ${name}`, () => checkView(torch, make, change), true];
  else
    for (const [place, call] of Object.entries(places(torch)))
      for (const name of Object.keys(hostileValues(torch)))
        yield [`${place}, v = ${name}`, () => call(hostileValues(torch)[name]), false];
}

let number = 0;
for (const [name, call, isView] of calls()) {
  if (number++ < Number(first)) continue;
  print({ number, name });
  try {
    const outcome = torch.scope(() => {
      const result = call();
      if (isView && result instanceof Error) return report(result);
      return isView && typeof result === 'string' ? { fault: result } : { value: described(result) };
    });
    print({ name, ...outcome });
  } catch (error) {
    print({ name, ...report(error) });
  }
}
print({ end: number });
