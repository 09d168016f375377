// The examples of the OpenAPI document: each subject is a scenario, which is run from top to bottom. With
// `UPDATE_EXAMPLES=1` what is answered is written down, and not compared.

import { ConnectionManager, bytesOf } from 'studio-multidb'
import { WebSocket } from 'ws'
import { Upload } from '../index'
import { SUBJECTS, type Step, readScenario, shownIn, writeScenario } from './support/examples'
import { type Shop, openShop, pathsOf } from './support/shop'
import { Messages } from './support/websocket'

const isUpdate = process.env.UPDATE_EXAMPLES === '1'

/** Runs a step; what is answered must be what its example says. */
async function play(shop: Shop, step: Step): Promise<void> {
  const operation = step.operation ?? step.prepares ?? ''
  const told = { step, operation, input: shop.names.real(step.input) }
  const [member, answer] = step.sends
    ? (['sends', await messagesOf(shop, told)] as const)
    : step.records || step.file !== undefined
      ? await streamOf(shop, told)
      : (['answer', await answerOf(shop, told)] as const)
  if (step[member] === undefined) return
  const same = shop.names.shown(answer, step[member], step.varies)
  if (step.prepares) return
  if (isUpdate) Object.assign(step, { [member]: same })
  else expect(same).toEqual(step[member])
}

interface Told {
  step: Step
  operation: string
  input: Record<string, unknown>
}

async function answerOf({ manager }: Shop, { operation, input }: Told): Promise<unknown> {
  const answer = JSON.parse(await manager.native.call(operation, JSON.stringify(input)))
  return operation === 'service.openapi' ? answer : answer.data
}

async function streamOf(shop: Shop, { step, operation, input }: Told) {
  const { body, records, meanwhile = [], varies } = step
  const upload = body === undefined ? undefined : new Upload()
  const args = [operation, JSON.stringify(input), undefined, undefined, undefined, upload] as const
  const opening = shop.manager.native.open(...args)
  await upload?.write(Buffer.from(body ?? ''))
  const bytes = bytesOf(await opening)
  let text = ''
  if (meanwhile.length > 0) {
    text += String((await bytes.next()).value)
    shop.names.shown(recordsOf(text), records, varies)
  }
  for (const step of meanwhile) await play(shop, step)
  await upload?.end()
  for await (const chunk of bytes) text += String(chunk)
  return records ? (['records', recordsOf(text)] as const) : (['file', text] as const)
}

/** Lines of JSON; of those that only tell progress, one stands for all that follow each other. */
function recordsOf(text: string): unknown[] {
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return records.filter(({ progress }, i) => !progress || !records[i - 1]?.progress)
}

async function messagesOf(shop: Shop, { step, operation, input }: Told) {
  const { hears = [], meanwhile = [], sends = [] } = step
  const query = new URLSearchParams()
  let path = shop.paths.get(operation) ?? ''
  for (const [name, value] of Object.entries(input)) {
    const isNames = Array.isArray(value) && value.every((item) => typeof item === 'string')
    const text = typeof value === 'string' || isNames ? String(value) : JSON.stringify(value)
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(text))
    else query.set(name, text)
  }
  const url = `ws://127.0.0.1:${shop.port}${path}?${query}`
  const socket = await Messages.of(new WebSocket(url))
  const sent = [await socket.next()]
  for (const message of hears) {
    socket.say(message)
    sent.push(await socket.next())
  }
  for (const step of meanwhile) await play(shop, step)
  sent.push(...(await socket.take(sends.length - sent.length)))
  socket.close(1000)
  return sent
}

describe.each(SUBJECTS)('%s', (subject) => {
  const steps = readScenario(subject)
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop(steps)
  }, 60_000)
  afterAll(async () => {
    await shop?.close()
    if (isUpdate) writeScenario(subject, steps)
  })

  const named = steps.map((step) => [step.operation ?? `(${step.prepares})`, step] as const)
  test.each(named)('%s', (_, step) => play(shop, step))
})

test('every operation has one example', async () => {
  const manager = new ConnectionManager({ logLevel: 'off' })
  const shown = SUBJECTS.flatMap((subject) => shownIn(readScenario(subject)))
  expect(shown.sort()).toEqual([...(await pathsOf(manager)).keys()].sort())
  await manager.shutdown(0)
})
