import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { resumeTraining, type TrainEvent } from '../../dist/index.js';
import { cliIn, jsonLines, succeeded } from '../support/cli.js';
import { inRoot } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';
import { writeTinyScans } from '../support/tinyScans.js';

const page = readFileSync(inRoot('docs', 'reference', 'events.md'), 'utf8');

/** Fields and their types of each table below a heading of the third order. */
const documented = Object.fromEntries(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [name] = /[\w-]+/.exec(section) as RegExpExecArray;
      return [name, [...section.matchAll(/^\| `([\w.]+)` \| ([a-z ]+) \|/gm)].map(([, field, type]) => [field, type])];
    }),
) as Record<string, [field: string, type: string][]>;

const typeOf = (value: unknown) => (value === null ? 'null' : typeof value);
const flat = (value: object, path = ''): [string, unknown][] =>
  Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null ? flat(inner, `${path}${name}.`) : [[`${path}${name}`, inner]],
  );

/** Checks that event and documentation have the same fields, of the same types. */
function check(event: { type: string } & Record<string, unknown>): void {
  const { type, ...fields } = event;
  const compare = (name: string, found: [string, unknown][]) => {
    const table = documented[name] ?? [];
    expect(found.map(([field]) => field).sort(), name).toEqual(table.map(([field]) => field).sort());
    for (const [field, value] of found) {
      const types = new Map(table).get(field)?.split(' or ');
      expect(types, `${name}.${field} is ${JSON.stringify(value)}`).toContain(typeOf(value));
    }
  };
  compare(type, Object.entries(fields));
  for (const part of ['metrics', 'nodules'] as const)
    if (part in fields) compare(part, flat(fields[part] as Record<string, unknown>));
}

const folder = scratchFolder('events');
const cli = cliIn(folder);

describe('events', { timeout: 120_000 }, () => {
  let lines: ReturnType<typeof jsonLines>;
  beforeAll(async () => {
    await writeTinyScans(join(folder, 'scans'));
    const options = ['--threads', '1', '--epochs', '2', '--samples', '32', '--images', '0', '--patience', '1'];
    // An untrained network's score counts as the best, the next one is no better: so there is a note too.
    const still = ['--learning-rate', '1e-12', '--compat-zero-is-best'];
    const trained = succeeded(cli('train', '--data', 'scans', '--out', 'run', ...options, ...still, '--json'));
    lines = jsonLines(trained.stdout);
  }, 120_000);

  it('have the fields and types of docs/reference/events.md, and every documented type of event occurs', () => {
    for (const event of lines) check(event);
    const types = Object.keys(documented).filter((name) => name !== 'metrics' && name !== 'nodules');
    expect([...new Set(lines.map(({ type }) => type))].sort()).toEqual(types.sort());
  });

  it('are the same on stdout and in events.jsonl, except for validation progress', () => {
    const logged = jsonLines(readFileSync(join(folder, 'run', 'events.jsonl'), 'utf8'));
    expect(logged).toEqual(lines.filter(({ type }) => type !== 'validation-progress'));
  });

  it('are the objects that the iterator yields', async () => {
    const yielded: TrainEvent[] = [];
    for await (const event of resumeTraining(join(folder, 'run'))) yielded.push(event);
    const printed = jsonLines(cli('train', '--resume', join(folder, 'run'), '--json').stdout);
    expect(yielded).toEqual(printed);
    for (const event of yielded) check({ ...event });
  });

  it('end with status `failed`, a code and a message when training fails', () => {
    const [event] = jsonLines(cli('train', '--data', 'nowhere', '--out', 'x', '--json').stdout).slice(-1);
    expect(Object.keys(event ?? {}).sort()).toEqual(['code', 'message', 'status', 'type']);
    expect(event).toMatchObject({ type: 'end', status: 'failed', code: 'data-missing' });
  });
});
