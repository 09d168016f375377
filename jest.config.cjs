const { cpus } = require('node:os')

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  cacheDirectory: '<rootDir>/.cache/jest',
  roots: ['<rootDir>/__test__'],
  testMatch: ['**/*.test.ts'],
  globalSetup: '<rootDir>/__test__/support/setup.mjs',
  globalTeardown: '<rootDir>/__test__/support/teardown.mjs',
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '\\.(ts|mjs)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // The package as a user gets it: the compiled files.
  moduleNameMapper: {
    '^studio-multidb$': '<rootDir>/dist/index.js',
    '^studio-multidb/next$': '<rootDir>/dist/next/index.js',
  },
  testTimeout: 90_000,
  // Most tests wait for a server: two cores are enough for two at a time.
  maxWorkers: Math.max(2, cpus().length - 1),
}
