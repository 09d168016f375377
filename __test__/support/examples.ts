import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './processes'

/** A step of a scenario. One with an `operation` is an example in the OpenAPI document. */
export interface Step {
  operation?: string
  /** An operation that only prepares what the next ones show. */
  prepares?: string
  input: Record<string, unknown>
  /** What is uploaded. */
  body?: string
  /** What the one JSON text holds, … */
  answer?: unknown
  /** … or the lines of a stream, … */
  records?: unknown[]
  /** … or the text of a file, … */
  file?: string
  /** … or the messages that a socket sends, … */
  sends?: unknown[]
  /** … and those that it hears, each once it has sent one. */
  hears?: unknown[]
  /** What is done while the stream or the socket is open. */
  meanwhile?: Step[]
  /** JSON pointers into what is answered, where `*` is any: there only the type must be the same. */
  varies?: string[]
}

/** Members that vary wherever they are. */
const VARYING = new Set([
  'at',
  'created_at',
  'date',
  'host',
  'last_connected_at',
  'latency_ms',
  'ms',
  'organization_slug',
  'port',
  'project_id',
  'updated_at',
])

const folder = join(root, 'src', 'request', 'openapi', 'examples')

/** What there is a scenario of. */
export const SUBJECTS = readdirSync(folder).map((file) => file.replace('.json', ''))

/** A scenario, from top to bottom. */
export function readScenario(subject: string): Step[] {
  return JSON.parse(readFileSync(join(folder, `${subject}.json`), 'utf8')) as Step[]
}

export function writeScenario(subject: string, steps: Step[]): void {
  const file = join(folder, `${subject}.json`)
  writeFileSync(file, JSON.stringify(steps))
  const prettier = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs')
  execFileSync(process.execPath, [prettier, '--write', file])
}

/** The operations that the steps show. */
export function shownIn(steps: Step[]): string[] {
  return steps.flatMap(({ operation, meanwhile = [] }) => [
    ...(operation ? [operation] : []),
    ...shownIn(meanwhile),
  ])
}

/** What the examples call things whose real names differ from run to run: addresses, ids, times. */
export class Names {
  readonly #real = new Map<string, string>()
  readonly #shown = new Map<string, string>()

  add(shown: string, real: string): void {
    this.#real.set(shown, real)
    this.#shown.set(real, shown)
  }

  /** An input with the real names in it. */
  real<T>(input: T): T {
    return mapTexts(input, (text) => this.#real.get(text) ?? text) as T
  }

  /**
   * An answer as its example says it, as far as they are the same. A text that varies has the name
   * that the example gives it from then on.
   */
  shown(answer: unknown, example: unknown, varies: string[] = []): unknown {
    const paths = varies.map((pointer) => pointer.split('/').slice(1))
    const blended = this.#blend(answer, example, paths)
    return mapTexts(blended, (text) => this.#shown.get(text) ?? text)
  }

  #blend(answer: unknown, example: unknown, paths: string[][]): unknown {
    return paths.some((path) => path.length === 0)
      ? this.#named(answer, example)
      : mapMembers(answer, (member, name) => {
          const shown = (example as Record<string, unknown> | null | undefined)?.[name]
          const below = paths.filter(([first]) => first === '*' || first === name)
          const rest = VARYING.has(name) ? [[]] : below.map((path) => path.slice(1))
          return this.#blend(member, shown, rest)
        })
  }

  #named(answer: unknown, example: unknown): unknown {
    if (typeOf(answer) !== typeOf(example)) return answer
    if (typeof example === 'string' && example !== answer) this.add(example, answer as string)
    return example
  }
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  return mapMembers(value, (member) => mapTexts(member, map))
}

function mapMembers(value: unknown, map: (member: unknown, name: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item, i) => map(item, String(i)))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, map(member, name)])
  )
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
