import { expect, it } from 'vitest';
import { NoduleTrainError } from '../../../dist/runtime/error.js';

it('an error carries its code, its name and its cause', () => {
  const cause = new Error('below');
  const error = new NoduleTrainError('disk-full', 'Writing x: the disk is full.', { cause });
  expect(error).toBeInstanceOf(Error);
  expect({ ...error, name: error.name, message: error.message, cause: error.cause }).toEqual({
    code: 'disk-full',
    name: 'NoduleTrainError',
    message: 'Writing x: the disk is full.',
    cause,
  });
});
