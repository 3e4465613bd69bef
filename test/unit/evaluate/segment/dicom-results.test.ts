import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeDicomResults } from '../../../../dist/evaluate/segment/writeDicomResults.js';
import { readMaskFor } from '../../../../dist/labels/readMaskFor.js';
import { scratch } from '../../../support/dicomSeries.js';
import { nodule, scanResult } from '../../../support/scanResults.js';
import { maskOf, openSeries, resampledSources, sources, twoSegments } from '../../../support/segmentations.js';

type Result = Parameters<typeof writeDicomResults>[0];
type Options = Parameters<typeof writeDicomResults>[2]['options'];

let made = 0;
/** Writes the objects of a result with these nodules; `models` are the names of its models. */
const write = async (path: string, numbers: readonly number[], models = ['default']) => {
  const { scan } = await openSeries(path, true);
  const out = join(scratch(), `results ${made++}`);
  mkdirSync(out);
  const base = scanResult(
    scan,
    numbers.map((number) => nodule(number)),
  );
  const provenance = {
    ...base.provenance,
    models: models.map((name) => ({ name, sha256: 'a'.repeat(64) })),
  };
  const regions = twoSegments().flatMap(({ number, positions }) =>
    numbers.includes(number) ? [{ number, positions, score: 0.5 }] : [],
  );
  const source = { path, series: '1.2.3.4' } as Result['source'];
  const options = { allFrames: false } as Options;
  const result: Result = { ...base, source, regions, provenance };
  const written = await writeDicomResults(result, ['seg', 'labelmap', 'sr'], { out, options });
  return { scan, out, written };
};

const present = spawnSync('dciodvfy', ['--version']).error === undefined;
const why = present ? '' : '; dciodvfy is skipped: not installed (apt-get install dicom3tools)';
describe(`the DICOM objects of a result${why}`, () => {
  const errorsOf = (file: string): string[] => {
    const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    return `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'));
  };

  it.each([...sources, ...resampledSources])('are valid for a series: %s', async (name, make) => {
    const path = await make();
    for (const numbers of [[1, 2], []]) {
      const { scan, out, written } = await write(path, numbers);
      expect(written.files).toEqual(['seg.dcm', 'labelmap.dcm', 'sr.dcm']);
      expect(written.notes.join()).not.toMatch(/planted|felicitas|1931/i);
      if (present) for (const file of ['seg.dcm', 'sr.dcm']) expect(errorsOf(join(out, file)), file).toEqual([]);
      if (numbers.length === 0 || resampledSources.some(([other]) => other === name)) continue;
      for (const segment of twoSegments())
        for (const file of ['seg.dcm', 'labelmap.dcm'])
          expect([...(await readMaskFor(scan, join(out, file), { segment: segment.label }))]).toEqual(
            maskOf(scan, segment),
          );
    }
  });

  it('are valid for any name of a model', async () => {
    const path = await sources[0]![1]();
    for (const models of [
      ['C:\\models\\best'],
      ['modèle 🫁'.repeat(20)],
      ['a\nb'],
      ['one', 'two'].flatMap((one) => [one, `${one} more`.repeat(9)]),
    ]) {
      const { out } = await write(path, [1], models);
      if (present) for (const file of ['seg.dcm', 'sr.dcm']) expect(errorsOf(join(out, file)), file).toEqual([]);
    }
  });
});
