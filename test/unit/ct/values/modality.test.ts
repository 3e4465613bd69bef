import { describe, expect, it } from 'vitest';
import { isOfCt, mayBeCt, modalityOf } from '../../../../dist/ct/modality.js';

const ctImage = '1.2.840.10008.5.1.4.1.1.2';
const capture = '1.2.840.10008.5.1.4.1.1.7';

describe('modality', () => {
  it.each([
    ['CT', 'CT'],
    ['ct', 'CT'],
    ['CT ', 'CT'],
    ['CT\0', 'CT'],
    [' Ct\t', 'CT'],
    ['"CT"', 'CT'],
    ['MET_MOD_CT', 'CT'],
    ['met_mod_mr', 'MR'],
    ['MET_MOD_OTHER', 'OTHER'],
    ['pt', 'PT'],
    ['', null],
    ['  \0', null],
    ['UNKNOWN', null],
    ['MET_MOD_UNKNOWN', null],
    ['NONE', null],
    [undefined, null],
    [null, null],
  ])('normalizes %j to %j', (raw, modality) => {
    expect(modalityOf(raw)).toBe(modality);
  });

  it.each([
    ['CT', capture, true, true],
    ['CT', null, true, true],
    [null, ctImage, true, true],
    [null, `${ctImage}.1`, true, true],
    [null, capture, false, true],
    [null, null, false, true],
    ['OT', ctImage, false, true],
    ['SC', capture, false, true],
    ['MR', ctImage, false, false],
    ['PT', null, false, false],
    ['CTA', ctImage, false, false],
  ])('takes %j of class %s for CT: %s, possibly: %s', (modality, sopClass, of, may) => {
    expect([isOfCt(modality, sopClass), mayBeCt(modality, sopClass)]).toEqual([of, may]);
  });
});
