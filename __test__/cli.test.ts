// The command line: what it does not know, it refuses, and does nothing.

import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments } from '../dist/cli-arguments'
import { temporaryFolders } from './support/folder'
import { root } from './support/processes'

const folder = temporaryFolders()()
writeFileSync(join(folder, 'package.json'), '{}')

/** With a setting that no manager can be made of: whoever makes one fails with exit code 1 and its name. */
function run(...words: string[]) {
  const env = { ...process.env, LOG_LEVEL: 'loud' }
  const ended = spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...words], {
    encoding: 'utf8',
    cwd: folder,
    env,
  })
  return { code: ended.status, out: ended.stdout, errors: ended.stderr }
}

/** Each command as it is right, its own flag among them. */
const COMMANDS = [['migrate'], ['migrate', '--dry-run'], ['rotate-keys'], ['doctor'], ['init', '.']]
const UNKNOWN = [
  '--dry-run=true',
  '--dry-run=false',
  '--dryrun',
  '--dry_run',
  '--DRY-RUN',
  '--no-dry-run',
  '-dry-run',
  '–dry-run',
  '-n',
  '-',
  '--',
  '--force',
  'dry-run',
  '',
]
const everywhere = (command: string[], word: string) => [
  [...command, word],
  [command[0] as string, word, ...command.slice(1)],
  [word, ...command],
]

describe.each(COMMANDS.map((command) => ({ command, name: command.join(' ') })))(
  '$name',
  ({ command }) => {
    test.each(
      [...UNKNOWN, ...(command[0] === 'migrate' ? [] : ['--dry-run'])].map((word) => [word])
    )('does not take %j, wherever it stands', (word) => {
      for (const words of everywhere(command, word)) {
        expect([words, readArguments(words).kind]).toEqual([words, 'refused'])
      }
    })

    test('takes --help and -h, wherever they stand', () => {
      for (const word of ['--help', '-h']) {
        for (const words of everywhere(command, word)) {
          expect([words, readArguments(words).kind]).toEqual([words, 'help'])
        }
      }
    })

    test('does nothing where it refuses, and where it helps, and prints the usage', () => {
      const refused = run(...command, '-n')
      expect([refused.code, refused.out]).toEqual([2, ''])
      expect(refused.errors).toMatch(/nothing was done/)
      expect(refused.errors).toMatch(/studio-multidb <command>/)
      const helped = run(...command, '--help')
      expect([helped.code, helped.errors]).toEqual([0, ''])
      expect(helped.out).toMatch(/studio-multidb <command>/)
      expect(existsSync(join(folder, 'lib'))).toBe(false)
    })
  }
)

test.each([[[]], [['help']], [['toString']], [['init']], [['init', '']]])(
  'no command, an unknown one, and one without what it needs are refused: %j',
  (words: string[]) => {
    const { code, errors } = run(...words)
    expect(code).toBe(2)
    expect(errors).toMatch(/studio-multidb <command>/)
  }
)

test.each([['migrate'], ['rotate-keys'], ['doctor']])(
  '%s alone goes on to make a manager, which this setting refuses',
  (command) => {
    const { code, errors } = run(command)
    expect(code).toBe(1)
    expect(errors).toMatch(/LOG_LEVEL/)
  }
)
