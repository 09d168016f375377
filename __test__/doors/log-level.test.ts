import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from '../support/processes'

/** What a program logs about the operations that it names in their path. */
async function logged(program: string): Promise<string[]> {
  const code = `
    const { ConnectionManager } = require('./dist')
    const open = (logLevel) => new ConnectionManager({ logLevel, redisUrl: 'redis://127.0.0.1:1' })
    const ask = (manager) => manager.handle({ method: 'GET', path: '/api/platform/multidb/health' })
    ;(async () => { ${program} })()`
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', code], { cwd: root })
  return stderr.split('\n').filter((line) => line.includes('service.health'))
}

it('a quiet manager that came first does not silence one that wants to know', async () => {
  const lines = await logged(`
    const quiet = open('off')
    await ask(quiet)
    const loud = open('debug')
    await ask(loud)`)
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'DEBUG', operation: 'service.health' })
})

it('a talkative manager that came first is not heard once it is shut down', async () => {
  const lines = await logged(`
    const loud = open('debug')
    await ask(loud)
    const quiet = open('warn')
    await loud.shutdown(1000)
    await ask(quiet)`)
  expect(lines).toHaveLength(1)
})
