import { defineConfig } from 'vitest/config';

/** What takes minutes: `npm run test:long`. Its figures stand in docs/records/reliability.md. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    pool: 'forks',
    // One at a time: they measure memory and kill at moments that are drawn by the clock.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 60 * 60_000,
    hookTimeout: 30 * 60_000,
    reporters: ['verbose'],
    env: { OMP_NUM_THREADS: '1' },
  },
});
