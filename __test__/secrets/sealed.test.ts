import { randomBytes } from 'node:crypto'
import { newProject, sharedStack, sql } from '../support/stack'
import { read, stored, use, write } from './rows'

const stack = sharedStack({ rateLimit: 'off' })

describe('a sealed value', () => {
  test('opens in its own place', async () => {
    const id = await stored(stack, 'default', 'own-place')
    const row = await read(stack, id)
    expect(row.connection_string).toMatch(/^mdb1:[^:]+:[A-Za-z0-9+/=]+$/)
    expect(JSON.stringify(row)).not.toContain('p-own-place')
    expect(await use(stack.manager, id)).toBe('opened')
  })

  test('of another row does not open', async () => {
    const [a, b] = [
      await stored(stack, 'default', 'row-a'),
      await stored(stack, 'default', 'row-b'),
    ]
    await write(stack, a, 'connection_string', (await read(stack, b)).connection_string)
    expect(await use(stack.manager, a)).not.toBe('opened')
    expect(await use(stack.manager, b)).toBe('opened')
  })

  test('of another column does not open', async () => {
    const id = await stored(stack, 'default', 'column')
    const row = await read(stack, id)
    await write(stack, id, 'password', row.connection_string)
    if (row.password !== null) await write(stack, id, 'connection_string', row.password)
    expect(await use(stack.manager, id)).not.toBe('opened')
  })

  test('does not open in another project, though the row is the same', async () => {
    const other = await newProject(stack.databaseUrl, `moved-${randomBytes(3).toString('hex')}`)
    const id = await stored(stack, 'default', 'moved')
    await sql(
      stack.databaseUrl,
      'UPDATE platform.database_connections SET project_id = $2 WHERE id = $1',
      [id, other]
    )
    expect(await use(stack.manager, id)).not.toBe('opened')
  })

  test('with any bit of it flipped is refused', async () => {
    const id = await stored(stack, 'default', 'bits')
    const { connection_string: sealed } = await read(stack, id)
    const at = sealed.lastIndexOf(':') + 1
    const bytes = Buffer.from(sealed.slice(at), 'base64')
    // Some of the nonce, the ciphertext and the tag each; every one is tried in the Rust tests.
    const bits = [0, 95, 96, 150, bytes.length * 8 - 128, bytes.length * 8 - 1]
    for (const bit of bits) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      await write(stack, id, 'connection_string', sealed.slice(0, at) + changed.toString('base64'))
      expect([bit, await use(stack.manager, id)]).not.toEqual([bit, 'opened'])
    }
    for (const other of [
      sealed.slice(0, -8),
      sealed.replace(/^mdb1:[^:]+:/, 'mdb1:other:'),
      'mdb1:',
      'mdb1:x:',
    ]) {
      await write(stack, id, 'connection_string', other)
      expect(await use(stack.manager, id)).not.toBe('opened')
    }
    await write(stack, id, 'connection_string', sealed)
    expect(await use(stack.manager, id)).toBe('opened')
  })

  test('never lies in the table as plain text: the table itself refuses that', async () => {
    const id = await stored(stack, 'default', 'plain')
    await expect(write(stack, id, 'password', 'plain text')).rejects.toThrow('password_sealed')
  })
})
