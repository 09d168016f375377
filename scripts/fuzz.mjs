// `npm run fuzz -- [seconds]`: looks for input that no test thought of, one target after the other.
// With a stable toolchain and a C++ compiler; what is found is kept in `fuzz/artifacts`, what led
// further in `fuzz/corpus`.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { command, root } from './steps/command.mjs'

const TARGETS = ['redis_line', 'redis_reply']
const MAX_BYTES = 1024
const [seconds = '60'] = process.argv.slice(2)

/** What cargo-fuzz asks of a nightly compiler, without the sanitizers that only that one has. */
const coverage = [
  '--cfg fuzzing',
  '-Cpasses=sancov-module',
  '-Ccodegen-units=1',
  ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map(
    (what) => `-Cllvm-args=-sanitizer-coverage-${what}`
  ),
].join(' ')

const folder = join(root, 'fuzz')
const version = await command('rustc', ['-vV'], { quiet: true })
const host = version.match(/^host: (.+)$/m)[1]
// Named, so that build scripts and macros are left as they are.
const options = { cwd: folder, env: { RUSTFLAGS: coverage } }
await command('cargo', ['build', '--target', host], options)

for (const target of TARGETS) {
  const [corpus, artifacts] = ['corpus', 'artifacts'].map((name) => join(folder, name, target))
  for (const made of [corpus, artifacts]) await mkdir(made, { recursive: true })
  const limits = [`-max_total_time=${seconds}`, `-max_len=${MAX_BYTES}`]
  const args = [corpus, `-artifact_prefix=${artifacts}/`, ...limits]
  await command(join(folder, 'target', host, 'debug', target), args, { cwd: folder })
}
