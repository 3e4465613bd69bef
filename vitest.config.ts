import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,native,process,gpu}/**/*.test.ts'],
    // Forks, not threads: a native fault then names its file, and process-wide settings of libtorch stay in one file.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each process takes one of two cores; libtorch's own threads would fight over them.
    env: { OMP_NUM_THREADS: '1' },
  },
});
