// `studio-multidb init` beside what the Studio has: it looks before it writes, and says what it could
// not tell.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { studio, visit } from './studio'

test('it says what a Studio with a name and without logins needs', () => {
  expect(studio({}).said).toMatch(/^ {2}MULTIDB_ALLOWED_ORIGINS=https/m)
})

test('what is there already is kept and named, and a second run writes nothing', () => {
  const { said, init, folder } = studio({ 'instrumentation.ts': 'export const mine = 1' })
  expect(said).toMatch(/kept +instrumentation\.ts .*serveSockets\(\)/)
  expect(readFileSync(join(folder, 'instrumentation.ts'), 'utf8')).toBe('export const mine = 1')
  expect(init()).not.toMatch(/^wrote/m)
})

test('a wrapper that the routes could not import is named', () => {
  expect(studio({}).said).toMatch(/TO DO .*there is none/)
  const named = studio({ 'lib/api/apiWrapper.ts': 'export async function apiWrapper() {}' })
  expect(named.said).toMatch(/TO DO .*default export/)
})

describe('a Studio that has routes of its own', () => {
  const ENDINGS = ['ts', 'tsx', 'js', 'jsx', 'mjs']
  const TYPES = ['redis', 'mongodb', 'postgres', 'bun']
  const homes = ['', 'src/']

  test.each(
    homes.flatMap((home) => [
      ...TYPES.map((type) => `${home}pages/api/platform/${type}/[ref]/info`),
      `${home}pages/api/platform/redis/[ref]`,
      `${home}pages/api/platform/redis/[ref]/deep/[key]/index`,
      `${home}pages/api/platform/redis/[scope]/[...rest]`,
      `${home}pages/api/platform/redis/[scope]/[[...path]]`,
      `${home}pages/api/platform/redis/[...path]`,
      `${home}pages/api/platform/redis/[[...path]]`,
      `${home}pages/api/platform/databases/[...path]`,
      `${home}pages/api/platform/databases/[[...rest]]`,
      `${home}pages/api/platform/multidb/[...all]`,
      `${home}app/api/platform/redis/[ref]/info/route`,
      `${home}app/api/(inner)/platform/redis/[ref]/info/route`,
      `${home}app/api/platform/redis/[scope]/[...path]/route`,
    ])
  )('and would not work beside ours is told, and nothing is written: %s', (stem) => {
    for (const ending of ENDINGS) {
      const file = `${stem}.${ending}`
      const { isDone, said, wrote } = visit([file])
      expect([file, isDone, wrote]).toEqual([file, false, []])
      expect(said.split('\n')[0]).toContain(`BREAKS  ${file}: `)
      expect(said).toMatch(/(rename|move|remove) /)
      expect(said).toMatch(/^nothing was written/m)
    }
  })

  test.each(
    homes.flatMap((home) => [
      `${home}pages/api/platform/databases/index`,
      `${home}pages/api/platform/databases`,
      `${home}pages/api/platform/databases/[id]`,
      `${home}pages/api/platform/databases/export/all`,
      `${home}pages/api/platform/redis/[scope]/info`,
      `${home}pages/api/platform/redis/health/check`,
      `${home}pages/api/platform/multidb/health`,
      `${home}app/api/platform/databases/route`,
    ])
  )('that are asked before ours is told so first: %s', (stem) => {
    for (const ending of ENDINGS) {
      const file = `${stem}.${ending}`
      const { isDone, said, wrote } = visit([file])
      expect([file, isDone]).toEqual([file, true])
      expect(said.split('\n')[0]).toContain(`FIRST   ${file}: it goes on answering /api/platform/`)
      expect(wrote.length).toBe(9)
    }
  })

  test.each([
    'pages/api/platform/projects/[ref]/index.ts',
    'pages/api/platform/[other]/info.ts',
    'pages/api/platform/[...all].ts',
    'pages/api/[ref].ts',
    'pages/api/platform/redis/health.ts',
    'pages/api/platform/redis/[ref]/notes.md',
    'pages/api/platform/redis/[ref]/info.test.ts',
    'pages/platform/redis/[ref].tsx',
    'app/api/platform/redis/[ref]/info/helper.ts',
  ])('and gets along with ours is not told anything: %s', (file) => {
    const { isDone, said, wrote } = visit([file])
    expect([isDone, wrote.length]).toEqual([true, 9])
    expect(said).not.toMatch(/BREAKS|FIRST/)
  })

  test.each(homes.flatMap((home) => ENDINGS.map((ending): [string, string] => [home, ending])))(
    'below %p keeps what it has by another ending: .%s',
    (home, ending) => {
      const stems = ['instrumentation', 'lib/multidb', 'lib/multidbSockets']
      const route = 'pages/api/platform/redis/[scope]/[...path]'
      const files = [...stems, route, 'pages/index'].map((stem) => `${home}${stem}.${ending}`)
      const { said, wrote } = visit(files)
      for (const file of files.slice(0, 4)) expect(said).toContain(`kept    ${file} `)
      expect(said).toMatch(/instrumentation\.\w+ .*serveSockets\(\)/)
      expect(wrote.length).toBe(5)
      for (const file of wrote) expect(file).toMatch(new RegExp(`^${home}pages/api/platform/`))
    }
  )
})
