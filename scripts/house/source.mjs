// Reads Rust sources as far as a plan of the house needs them: their modules, what each names of
// others, and the public types that it declares. Tests are left out.

/** The text without comments, and without what is in strings and characters. */
function bare(text) {
  return text.replace(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])'/g,
    (found) => (found.startsWith('/') ? ' ' : '""')
  )
}

/** Where the bracket that opens at `from` is closed. */
function closing(text, from) {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++
    if (text[at] === '}' && --depth === 0) return at
  }
  return text.length
}

/** The text without items that are there for tests alone. */
function withoutTests(text) {
  const test = /#\[cfg\((?:test|all\(test[^\]]*)\)\]\s*(?:#\[[^\]]*\]\s*)*/g
  let rest = ''
  let from = 0
  for (let found = test.exec(text); found; found = test.exec(text)) {
    const begin = found.index + found[0].length
    const [brace, semicolon] = ['{', ';'].map((mark) => text.indexOf(mark, begin))
    const isShort = semicolon !== -1 && (brace === -1 || semicolon < brace)
    const end = isShort ? semicolon : closing(text, brace)
    rest += text.slice(from, found.index)
    from = test.lastIndex = end + 1
  }
  return rest + text.slice(from)
}

/** `a::{b::c, d as e}` as `[a, b, c]`, `[a, d]`, each with the name it is used by. */
function* branches(tree, before = []) {
  const text = tree.trim()
  const brace = text.indexOf('{')
  if (brace === -1) {
    const [path, alias] = text.split(/\s+as\s+/)
    const names = [...before, ...path.split('::').map((name) => name.trim())].filter(Boolean)
    if (names.at(-1) === 'self') names.pop()
    yield { path: names, name: alias ?? names.at(-1) }
    return
  }
  const stem = text
    .slice(0, brace)
    .split('::')
    .map((name) => name.trim())
  const inner = text.slice(brace + 1, closing(text, brace))
  let depth = 0
  let from = 0
  for (let at = 0; at <= inner.length; at++) {
    if (inner[at] === '{') depth++
    if (inner[at] === '}') depth--
    if (at === inner.length || (inner[at] === ',' && depth === 0)) {
      const part = inner.slice(from, at)
      if (part.trim()) yield* branches(part, [...before, ...stem.filter(Boolean)])
      from = at + 1
    }
  }
}

/**
 * What a file says: `modules` that it declares, `handedOn` (names that it re-exports, with their
 * paths), `paths` that it names, and the public `types` that it declares.
 */
export function read(source) {
  // Who may see a thing is no import.
  const text = withoutTests(bare(source)).replace(/\bpub\s*\([^)]*\)/g, 'pub')
  const modules = [...text.matchAll(/\bmod\s+(\w+)\s*;/g)].map(([, name]) => name)
  const handedOn = new Map()
  const paths = []
  const body = text.replace(/(\bpub\s+)?\buse\s+([^;]+);/g, (_, isPublic, tree) => {
    for (const { path, name } of branches(tree)) {
      paths.push(path)
      if (isPublic) handedOn.set(name, path)
    }
    return ''
  })
  for (const [path] of body.matchAll(/(?<![\w:])\$?(?:crate|super|self)(?:\s*::\s*\w+)+/g)) {
    paths.push(
      path
        .replace('$', '')
        .split('::')
        .map((name) => name.trim())
    )
  }
  for (const name of modules) {
    const own = new RegExp(`(?<![\\w:])${name}\\s*::\\s*(\\w+)`, 'g')
    for (const [, item] of body.matchAll(own)) paths.push(['self', name, item])
  }
  const declared = /^\s*pub\s+(?:unsafe\s+)?(?:struct|enum|trait|type)\s+(\w+)/gm
  const types = [...body.matchAll(declared)].map(([, name]) => name)
  return { modules, handedOn, paths, types }
}
