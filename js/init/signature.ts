/** A function as it is written: what it takes, what it says that it answers, and the file around it. */
export interface Signature {
  name: string
  parameters: string[]
  /** What stands behind its parameters. */
  rest: string
  code: string
}

const REQUESTS = /^(?:\w+\.)?(?:\w*ApiRequest|\w*IncomingMessage)$/
const RESPONSES = /^(?:\w+\.)?(?:\w*ApiResponse|\w*ServerResponse)$/

/**
 * Why it can't be called with a request and a response and be believed; nothing where it can. What is
 * not plainly so is doubted: a guess here would decide who gets in.
 */
export function misfit({ name, parameters, rest, code }: Signature): string | undefined {
  const [request, response, ...more] = parameters
  if (request === undefined) return 'takes nothing to tell the user by'
  if (/:\s*(Next)?Request\b/.test(request))
    return 'wants a web Request, which a socket does not have'
  if (!isLike(request, REQUESTS, /req/i, code)) {
    return `wants something else than a request first: ${shown(request)}`
  }
  if (response !== undefined && !isLike(response, RESPONSES, /^_*$|^_*(res|reply)/i, code)) {
    return `wants something else than a response second: ${shown(response)}`
  }
  const odd = more.find((parameter) => !/[?=]|^\.\.\./.test(parameter))
  if (odd !== undefined) return `wants more than (req, res): ${shown(odd)}`
  const written = code.match(new RegExp(`\\bfunction\\s+${name}\\b`, 'g')) ?? []
  if (written.length > 1) return 'is declared in several ways'
  const answer = outermost(/^\s*:\s*([^]*)/.exec(rest)?.[1] ?? '')
  if (/\b(boolean|true)\b/.test(answer)) return 'answers whether, and not who'
  if (/^(Promise\s*<\s*)?(void|never)\b\s*>?\s*$/.test(answer.trim())) return 'answers nobody'
  const body = rest.replace(/^[^]*?=>/, '')
  if (body !== rest && /^\s*(async\s+)?(function\b|\w+\s*=>|\([^()]*\)[^;{}]*=>)/.test(body)) {
    return 'makes a function, and answers no user itself'
  }
  return undefined
}

const shown = (parameter: string) => parameter.replace(/\s+/g, ' ').slice(0, 60)

/** A plain name: of such a type, or without a type and called so. */
function isLike(parameter: string, types: RegExp, called: RegExp, code: string): boolean {
  const [, name, type] = /^(\w+)\s*\??\s*(?::\s*([^=]+?))?\s*(?:=[^>][^]*)?$/.exec(parameter) ?? []
  if (name === undefined) return false
  if (type === undefined || type === 'any') return called.test(name)
  return type.split('|').some((one) => isOfType(one, types, code))
}

/** Types that are named here are looked up here: under another's name may be anything. */
function isOfType(type: string, types: RegExp, code: string): boolean {
  const name = /^\s*([\w.]+)\s*(<[^]*>)?\s*(&[^]*)?$/.exec(type)?.[1]
  if (name === undefined) return false
  const imported = new RegExp(`\\b(\\w+)\\s+as\\s+${name}\\b`).exec(code)?.[1]
  if (imported !== undefined) return types.test(imported)
  const own = new RegExp(`\\b(?:interface\\s+${name}\\b|type\\s+${name}\\s*=)([^{;\\n]*)`).exec(
    code
  )
  if (own) return (own[1] ?? '').split(/[^\w.]+/).some((word) => types.test(word))
  return types.test(name)
}

/** The return type up to the body, without what is in its braces. */
function outermost(text: string): string {
  let depth = 0
  let kept = ''
  for (const [at, character] of text.split('').entries()) {
    const ends = depth === 0 && !/[|&<,:]\s*$/.test(kept) && kept.trim() !== ''
    if (character === '{' && depth === 0 && ends && !/<[^>]*$/.test(kept)) return kept
    if (depth === 0 && text.startsWith('=>', at)) return kept
    if (character === '{') depth++
    else if (character === '}') depth--
    else if (depth === 0) kept += character
  }
  return kept
}
