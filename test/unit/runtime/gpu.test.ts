import { describe, expect, it } from 'vitest';
import { INSTALL_CUDA, judgeDriver, unusedGpuOf } from '../../../dist/runtime/libtorch/gpu.js';

const gpus = [{ name: 'NVIDIA T4', bytes: 15 * 2 ** 30 }];
const answer = { driver: 13000, devices: 1, gpus, error: null };
const none = { driver: 0, devices: 0, gpus: [], error: 'no NVIDIA driver: libcuda.so.1: cannot open' };

describe('an unused GPU has a reason and a command', () => {
  it('the driver is too old', () => {
    expect(unusedGpuOf(judgeDriver({ ...answer, driver: 12040 }), true, null)).toEqual({
      reason: 'the NVIDIA driver supports CUDA 12.4, expected 13.0 or newer',
      command: 'install NVIDIA driver 580 or newer (Ubuntu: apt-get install nvidia-driver-580)',
    });
  });

  it('libtorch is for the CPU only', () => {
    expect(unusedGpuOf(judgeDriver(answer), false, 'this libtorch is for the CPU only')).toEqual({
      reason: 'this libtorch is for the CPU only',
      command: INSTALL_CUDA,
    });
  });

  it('a part of CUDA does not open', () => {
    expect(unusedGpuOf(judgeDriver(answer), true, 'libcudnn.so.9: cannot open', 'npm install nodule-train')).toEqual({
      reason: 'libcudnn.so.9: cannot open',
      command: 'npm install nodule-train',
    });
  });
});

it('a GPU in use, or no GPU, is not reported', () => {
  expect(unusedGpuOf(judgeDriver(answer), true, null)).toBeNull();
  expect(unusedGpuOf(judgeDriver(none), false, 'this libtorch is for the CPU only')).toBeNull();
  expect(judgeDriver({ ...none, driver: 13000, error: null }).reason).toBe('the NVIDIA driver lists no device');
});
