import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { derivedUid } from '../../../../dist/ct/index.js';
import { writeStructuredReport } from '../../../../dist/evaluate/segment/sr/writeStructuredReport.js';
import type { Nodule } from '../../../../dist/model/index.js';
import { type Fields, patient } from '../../../support/dicomBytes.mjs';
import { scratch, series } from '../../../support/dicomSeries.js';
import { inSupport } from '../../../support/paths.js';
import { pythonInterpreter } from '../../../support/python.js';
import { nodule, scanResult } from '../../../support/scanResults.js';
import { open, segmentation, trackingOf } from '../../../support/structuredReports.js';

describe('the file of a structured report', () => {
  const write = async (
    over: Fields = {},
    nodules: readonly Nodule[] = [nodule(1), nodule(2, { texture: 'non-solid' })],
  ) => {
    const { scan, source } = await open(await series({ over: () => over }));
    const dir = join(scratch(), `reports ${made++}`);
    await mkdir(dir);
    const path = join(dir, 'sr.dcm');
    const tracking = trackingOf(nodules);
    return {
      path,
      ...(await writeStructuredReport(path, scanResult(scan, nodules), source, { segmentation, tracking })),
    };
  };
  let made = 0;
  /** Attributes that archives have and the standard has not. */
  const odd: Fields = {
    PatientName: '',
    '(0010,0040) CS': '',
    '(0010,1010) AS': '45',
    '(0008,1030) LO': 'chest '.repeat(20),
    '(0009,0010) LO': 'PRIVATE',
    '(0009,1001) CS': 'MUCH LONGER THAN SIXTEEN',
    StudyInstanceUID: undefined,
    FrameOfReferenceUID: undefined,
    SliceThickness: undefined,
  };
  const kinds: [string, Fields, Nodule[] | undefined][] = [
    ['nodules', {}, undefined],
    ['no nodules', {}, []],
    ['odd attributes of the scan', odd, undefined],
    ['a scan without instance UIDs', { SOPInstanceUID: undefined }, undefined],
  ];

  const without = (program: string): string =>
    spawnSync(program, ['--version']).error === undefined ? '' : `; skipped: no ${program}`;
  const dciodvfy = without('dciodvfy');
  it.skipIf(dciodvfy !== '').each(kinds)(`has no error by dciodvfy: %s${dciodvfy}`, async (_what, over, nodules) => {
    const { path } = await write(over, nodules);
    const { stderr, stdout } = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/DICOMDIR/.test(line));
    expect(lines).toEqual(['Comprehensive3DSR']);
  });

  const dsrdump = without('dsrdump');
  it.skipIf(dsrdump !== '').each(kinds)(`is read by dsrdump: %s${dsrdump}`, async (_what, over, nodules) => {
    const { path } = await write(over, nodules);
    const { status, stdout, stderr } = spawnSync('dsrdump', [path], { encoding: 'utf8' });
    expect([status, stderr.replaceAll(/^W: .*\n/gm, '')]).toEqual([0, '']);
    expect(stdout).toMatch(/Imaging Measurement Report/);
  });

  const python = pythonInterpreter();
  const hasHighdicom = python !== null && spawnSync(python, ['-c', 'import highdicom']).status === 0;
  const skipped = hasHighdicom ? '' : '; skipped: no highdicom (npm run python)';
  it.skipIf(!hasHighdicom)(`is read by highdicom with every value${skipped}`, async () => {
    const [some, none] = [await write(), await write({}, [])];
    const text = execFileSync(python!, [inSupport('readReport.py'), some.path, none.path], { encoding: 'utf8' });
    const [found, empty] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found).toMatchObject({ patient: patient.PatientName, flags: ['COMPLETE', 'UNVERIFIED'], others: [] });
    expect(found.groups).toHaveLength(2);
    expect(found.groups[1]).toEqual({
      tracking: ['Nodule 2', derivedUid('test', 'nodule 2')],
      finding: ['27925004', 'SCT'],
      sites: [['39607008', 'SCT']],
      reference: ['121191', 'DCM'],
      segment: [segmentation.instance, 2],
      series: '1.2.3.4',
      evaluations: [
        [
          ['C41144', 'NCIt'],
          ['RID50153', 'RADLEX'],
        ],
      ],
      measurements: [
        numberOf('118565006', 1234.56789012346, 'mm3', { method: ['122503', 'DCM'] }),
        numberOf('103339001', 12.25, 'mm', {
          lines: [
            [
              [1, 1.5],
              [3, 1.5],
            ],
          ],
        }),
        numberOf('103340004', 7.5, 'mm', {
          lines: [
            [
              [1.5, 1],
              [1.5, 2],
            ],
          ],
        }),
        numberOf('81827009', 13, 'mm', { method: ['112189', 'DCM'], derivation: ['56851009', 'SCT'] }),
        numberOf('112031', -50.25, "[hnsf'U]", { derivation: ['373098007', 'SCT'] }, 'DCM'),
        numberOf('112031', 120.125, "[hnsf'U]", { derivation: ['386136009', 'SCT'] }, 'DCM'),
        numberOf('111012', 80, '%', {}, 'DCM'),
      ],
    });
    expect(empty.groups).toEqual([]);
    expect(empty.others).toEqual([
      {
        tracking: ['No nodules', expect.any(String)],
        measurements: 0,
        evaluations: [
          [
            ['111017', 'DCM'],
            ['111241', 'DCM'],
          ],
        ],
      },
    ]);
  });
  const numberOf = (name: string, value: number, unit: string, more: object, scheme = 'SCT') => ({
    name: [name, scheme],
    value,
    unit: [unit, 'UCUM'],
    method: null,
    derivation: null,
    lines: [],
    ...more,
  });
});
