import { Command, type Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../dist/cli/commands.js';
import { inRoot } from '../../support/paths.js';

interface Script {
  indexPage: string;
  notice: string;
  referencePages(registry?: Registry): Promise<Map<string, string>>;
  writtenPages(): Map<string, string>;
  differences(expected: Map<string, string>, written: Map<string, string>): string[];
  listedOptions(command: Command): Option[];
  groupOf(option: Option): string;
}
type Registry = { name: string; summary: string; load: () => Promise<Command> }[];

const script = inRoot('scripts', 'figures', 'cli-reference.mjs');
const { indexPage, notice, referencePages, writtenPages, differences, listedOptions, groupOf }: Script = await import(
  script
);
const expected = await referencePages();
const pageOf = (name: string) => expected.get(`docs/reference/cli/${name}.md`) as string;
const changed = (page: string, change: (text: string) => string) =>
  new Map(expected).set(page, change(expected.get(page) as string));

describe('docs/reference/cli', () => {
  it('agrees with the commands and their schemas (if not: node scripts/figures/cli-reference.mjs)', () => {
    expect(differences(expected, writtenPages())).toEqual([]);
  });

  it('has one page per command of the registry and lists each in the index', () => {
    const pages = commands.map(({ name }) => `docs/reference/cli/${name}.md`);
    expect([...expected.keys()]).toEqual([indexPage, ...pages]);
    for (const { name } of commands) expect(expected.get(indexPage)).toContain(`| [${name}](cli/${name}.md) |`);
  });

  it.each(commands)(
    '$name: lists every visible option and argument of the command and its subcommands once',
    async ({ name, load }) => {
      const command = await load();
      const flags = [command, ...command.commands].flatMap((each) => listedOptions(each).map((option) => option.flags));
      const rows = [...pageOf(name).matchAll(/^\| `(-[^`]+)` \|/gm)].map(([, listed]) => listed);
      expect(rows.toSorted()).toEqual(flags.toSorted());
      for (const argument of command.registeredArguments) expect(pageOf(name)).toContain(`| \`${argument.name()}\` |`);
    },
  );

  it('train: puts every field of the configuration under a heading', async () => {
    const train = await (commands.find(({ name }) => name === 'train') as Registry[number]).load();
    const general = listedOptions(train).filter((option) => groupOf(option) === 'General');
    expect(general.map((option) => option.long)).toEqual([
      '--resume',
      '--replay-step',
      '--like',
      '--config',
      '--set',
      '--json',
    ]);
  });
});

describe('a page of the reference is reported', () => {
  const train = 'docs/reference/cli/train.md';

  it.each([
    ['a default is different', (text: string) => text.replace('| `16` |', '| `17` |')],
    ['an option is missing', (text: string) => text.replace(/^\| `--batch .*\n/m, '')],
    ['a heading is missing', (text: string) => text.replace('### Run\n', '')],
    ['its notice is missing', (text: string) => text.replace(notice, '')],
    ['it is empty', () => ''],
  ])('as stale where %s', (_, change) => {
    const written = changed(train, change);
    expect(written.get(train)).not.toBe(expected.get(train));
    expect(differences(expected, written)).toEqual([`${train} is stale`]);
  });

  it('as missing, and as left over', () => {
    const without = new Map(expected);
    without.delete(train);
    expect(differences(expected, without)).toEqual([`${train} is missing`]);
    const left = new Map(expected).set('docs/reference/cli/gone.md', '');
    expect(differences(expected, left)).toEqual(['docs/reference/cli/gone.md belongs to no command']);
  });

  it('as stale where a command gets an option, and as missing where the registry gets a command', async () => {
    const registry: Registry = commands.map((entry) => ({
      ...entry,
      load: async () => (entry.name === 'doctor' ? (await entry.load()).option('--new', 'a new one') : entry.load()),
    }));
    expect(differences(await referencePages(registry), expected)).toEqual(['docs/reference/cli/doctor.md is stale']);
    const other = { name: 'other', summary: 'another', load: async () => new Command('other') };
    await expect(referencePages([...commands, other])).rejects.toThrow(/no example and no guide for other/);
  });
});
