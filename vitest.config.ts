import { defineConfig } from 'vitest/config';

// Tests import the compiled code (`#octavo/…` is `dist/…`): what ships is what is tested, and worker threads
// need JavaScript files on Node 20. `npm test` compiles first.
export default defineConfig({
  test: {
    include: [process.env.OCTAVO_FULL ? 'test/**/*.{test,full}.ts' : 'test/**/*.test.ts'],
    // One process a file: ONNX Runtime keeps one environment in a process.
    pool: 'forks',
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
