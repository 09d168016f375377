/** How far a statement is followed, in characters. */
const NEAR = 400

const GAP = '(?:\\s|\\\\[nrt])+'
const before = (...words: string[]) =>
  new RegExp(`\\b(?:${words.join('|').replace(/ /g, GAP)})${GAP}\\\\?["\`]?$`, 'i')

const ONLY = `(?:${GAP}only)?`
const WRITES = before(
  `insert into`,
  `insert overwrite`,
  `update${ONLY}`,
  `delete from${ONLY}`,
  `merge into${ONLY}`,
  `(?:alter|drop|create|lock) table(?: if(?: not)? exists)?${ONLY}`,
  `truncate(?: table)?${ONLY}(?:${GAP}[\\w."]+\\s*\\*?\\s*,)*`,
  `create [^;]*? on${ONLY}`
)
/** Reads with `TO`, and writes with `FROM`. */
const COPIES = before('copy')
const FROM = new RegExp(
  `^\\\\?["\`]?(?:\\s|\\\\[nrt])*(?:\\([^)]*\\))?(?:\\s|\\\\[nrt])*from\\b`,
  'i'
)

/** Calls of query builders: the one that the name is given to, or one further down the chain. */
const WRITING_CALL =
  /\b(?:insertInto|into|updateTable|deleteFrom|mergeInto|update|insert|truncate\w*|\w+Table|bulk(?:Insert|Delete|Update))\s*(?:<[^()]*>)?\(\s*["'`]?$/
const THEN_WRITES =
  /\.(?:insert|update|upsert|delete|del|truncate|destroy|increment|decrement)\s*\(/

/** Whether the statement around a table's name writes to it, as far as the text before and after tells. */
export function writes(earlier: string, later: string): boolean {
  const near = withoutNotes(earlier.slice(-4 * NEAR)).slice(-NEAR)
  return (
    WRITES.test(near) ||
    (COPIES.test(near) && FROM.test(later)) ||
    WRITING_CALL.test(near) ||
    THEN_WRITES.test(chain(later.slice(0, NEAR)))
  )
}

/** What SQL's own comments say between a statement's words is no part of it. */
function withoutNotes(statement: string): string {
  return statement.replace(/\/\*[^]*?\*\//g, ' ').replace(/--[^\n]*(?=\n)/g, ' ')
}

/** What follows of the same expression: past its arguments, on lines that go on with a dot. */
function chain(later: string): string {
  // The name's own quote and parenthesis.
  const rest = later.replace(/^["'`]?\s*\)?/, '')
  if (!/^\s*\./.test(rest)) return ''
  let depth = 0
  let kept = ''
  for (const [at, character] of rest.split('').entries()) {
    if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character)) depth--
    const goesOn = character !== '\n' || /^\s*\./.test(rest.slice(at))
    if (depth < 0 || (depth === 0 && (character === ';' || !goesOn))) break
    if (depth === 0 || character === '(') kept += character
  }
  return kept
}
