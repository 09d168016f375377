// One contender, for one row at a time.

import { answer, servers } from './child.mjs'
import { measure } from './measure.mjs'

const [name] = process.argv.slice(2)
const { open } = await import(`./contenders/${name}.mjs`)
const contender = await open(servers())

answer(
  async ({ row, check, ...load }) => {
    const work = contender.rows[row]
    return check ? String(await work()) : measure(work, load)
  },
  () => contender.close()
)
