/** What each command takes: flags by name, and how many words besides. */
const TAKES = {
  migrate: { flags: ['--dry-run'], words: 0 },
  'rotate-keys': { flags: [], words: 0 },
  doctor: { flags: [], words: 0 },
  init: { flags: [], words: 1 },
} satisfies Record<string, { flags: string[]; words: number }>

export type CommandName = keyof typeof TAKES

export type Asked =
  | { kind: 'help' }
  | { kind: 'refused'; why: string }
  | { kind: 'run'; command: CommandName; flags: Set<string>; words: string[] }

/**
 * Reads a command line as a whole. What a command does not know is refused and never passed over: who
 * misspells `--dry-run` must not get the real thing.
 */
export function readArguments(given: string[]): Asked {
  if (given.some((word) => word === '--help' || word === '-h')) return { kind: 'help' }
  const [command, ...rest] = given
  if (command === undefined) return refused('there is no command')
  if (!isCommand(command)) return refused(`there is no command ${JSON.stringify(command)}`)
  const takes: { flags: string[]; words: number } = TAKES[command]
  const flags = new Set<string>()
  const words: string[] = []
  for (const word of rest) {
    if (takes.flags.includes(word)) flags.add(word)
    else if (word !== '' && !word.startsWith('-') && words.length < takes.words) words.push(word)
    else return refused(`${command} does not take ${JSON.stringify(word)}`)
  }
  if (words.length < takes.words) return refused(`${command} needs the directory of a Studio`)
  return { kind: 'run', command, flags, words }
}

function isCommand(text: string): text is CommandName {
  return Object.keys(TAKES).includes(text)
}

const refused = (why: string): Asked => ({ kind: 'refused', why })
