// Who is nobody, through the door itself and the typed clients.

import { AuthenticationError, ConnectionManager, QueryError } from 'studio-multidb'
import { sharedStack } from '../support/stack'

const stack = sharedStack()
let members: ConnectionManager

beforeAll(() => {
  members = new ConnectionManager({ ...stack.options, authorization: 'members' })
})
afterAll(() => members?.shutdown(1000))

const ask = async (manager: ConnectionManager, user: unknown) => {
  const path = '/api/platform/redis/default/info'
  const { status } = await manager.handle({ method: 'GET', path, user: user as string })
  return status
}

const nobodies: unknown[] = [undefined, null, '', ' ', '\t\n', '\u00a0']
const strange: unknown[] = [5, 0, NaN, true, false, {}, { id: 'ada' }, [], ['ada'], Symbol('ada')]
const impostor = { toString: () => 'ada', valueOf: () => 'ada' }

it.each(nobodies)(
  '%j is nobody: let in where nobody is told apart, else asked to log in',
  async (user) => {
    expect(await ask(stack.manager, user)).toBe(200)
    expect(await ask(members, user)).toBe(401)
  }
)

it.each([...strange, impostor])('%p is no user: refused by every manager', async (user) => {
  for (const manager of [stack.manager, members]) {
    await expect(ask(manager, user)).rejects.toThrow(QueryError)
    await expect(ask(manager, user)).rejects.toThrow('`user`')
  }
})

it('a stranger sees nothing', async () => {
  expect(await ask(members, 'stranger')).toBe(404)
})

it('a blank user of a typed client is nobody as well', async () => {
  for (const user of ['', ' ']) {
    await expect(members.redis('default', { user }).get('a')).rejects.toThrow(AuthenticationError)
    await expect(members.databases({ user }).list()).rejects.toThrow(AuthenticationError)
  }
})

it('what is null is as if it were not given', async () => {
  const nothing = { query: null, headers: null, body: null, user: null, remoteAddress: null }
  const request = { method: 'GET', path: '/api/platform/multidb/health', ...nothing }
  const { status } = await stack.manager.handle(request as never)
  expect(status).toBe(200)
})
