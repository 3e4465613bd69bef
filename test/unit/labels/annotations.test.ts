import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAnnotations } from '../../../dist/labels/index.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedData } from '../../support/shared.js';

const folder = scratchFolder('annotations');
const csv = async (text: string) => {
  const path = join(folder, 'annotations.csv');
  await writeFile(path, text);
  return path;
};
const header = 'seriesuid,coordX,coordY,coordZ,diameter_mm\n';

describe('reading annotations', () => {
  it("reads LUNA16's columns, with and without malignancy and boxes, in any order, with any line endings", async () => {
    expect(await readAnnotations(await csv(`${header}1.2.3,-1.5,2,3e1,6.25\n\n1.2.4,0,0,0,-1\n`))).toEqual([
      { uid: '1.2.3', center: [-1.5, 2, 30], diameterMm: 6.25, line: 2 },
      { uid: '1.2.4', center: [0, 0, 0], diameterMm: null, line: 4 },
    ]);
    const rich =
      '\ufeffcoordZ,coordY,coordX,seriesuid,mal_bool,mal_details,bboxLowX,bboxLowY,bboxLowZ,bboxHighX,bboxHighY,bboxHighZ\r\n' +
      '3,2,1,1.2.3,True,"[4, 2]",0,1,2,3,4,5\r\n';
    expect(await readAnnotations(await csv(rich))).toEqual([
      {
        uid: '1.2.3',
        center: [1, 2, 3],
        diameterMm: null,
        malignant: true,
        box: { low: [0, 1, 2], high: [3, 4, 5] },
        line: 2,
      },
    ]);
  });

  it.each([
    [
      'a field that is not a number',
      `${header}1.2.3,1,2,3,4\n1.2.3,1,x,3,4\n`,
      'annotations-line',
      /annotations\.csv, line 3: coordY is "x", expected a number/,
    ],
    ['an empty coordinate', `${header}1.2.3,,2,3,4\n`, 'annotations-line', /line 2: coordX is ""/],
    ['a diameter of zero', `${header}1.2.3,1,2,3,0\n`, 'annotations-line', /line 2: diameter_mm is "0"/],
    ['a missing series UID', `${header},1,2,3,4\n`, 'annotations-line', /line 2: seriesuid is ""/],
    [
      'a line with too few fields',
      `${header}1.2.3,1,2,3,4\n1.2.3,1\n`,
      'annotations-line',
      /line 3: .*, expected 5 fields/,
    ],
    ['an open quote', `${header}"1.2.3,1,2,3,4\n`, 'annotations-line', /line \d.*[Qq]uote/],
    [
      'another header',
      'uid,x,y,z\n1,2,3,4\n',
      'annotations-header',
      /line 1: found "uid,x,y,z" without seriesuid, coordX, coordY, coordZ \("x" does not say .*\), expected LUNA16's header/,
    ],
    ['an empty file', '', 'annotations-header', /found "" without seriesuid/],
  ])('refuses %s and names the place', async (_what, text, code, message) => {
    const path = await csv(text);
    const error = await readAnnotations(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect((error as Error).message).toContain(path);
  });

  it('reports a missing file', async () => {
    await expect(readAnnotations(join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 'annotations-missing',
      message: expect.stringContaining('none.csv: no such file. Give the path of a CSV file.'),
    });
  });

  const luna = sharedData('luna16');
  it.skipIf(luna === null)(
    "reads LUNA16's 1,186 nodules and the book's 1,182 (skipped without ../shared/data)",
    async () => {
      expect(await readAnnotations(join(luna as string, 'annotations.csv'))).toHaveLength(1186);
      const rich = await readAnnotations(join(luna as string, 'annotations_with_malignancy.csv'));
      expect(rich).toHaveLength(1182);
      expect(rich.every(({ malignant, box }) => malignant !== undefined && box !== undefined)).toBe(true);
    },
  );
});
