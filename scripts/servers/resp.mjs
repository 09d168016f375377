// The least of a Redis client: enough to see that a server answers and to set one up.

import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/**
 * Sends commands on one connection and returns their replies, in order; error replies are
 * `Error` values, so that one of them doesn't hide the others.
 *
 * @param {{ port: number, host?: string, tls?: boolean, user?: string, password?: string,
 *   timeoutMs?: number }} server
 * @param {...(string | number)[]} commands
 */
export async function redisCommands(server, ...commands) {
  const { port, host = '127.0.0.1', tls, user, password, timeoutMs = 5_000 } = server
  const login = password ? [['AUTH', ...(user ? [user] : []), password]] : []
  const all = [...login, ...commands]
  // Not verified: it is our own server, and its certificate may be a bad one on purpose.
  const socket = tls
    ? connectTls({ port, host, rejectUnauthorized: false })
    : connect({ port, host })
  try {
    const replies = await new Promise((resolve, reject) => {
      let received = Buffer.alloc(0)
      socket.setTimeout(timeoutMs, () => reject(new Error('no answer in time')))
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('connection closed')))
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk])
        const replies = parseReplies(received)
        if (replies.length >= all.length) resolve(replies)
      })
      socket.write(all.map(encode).join(''))
    })
    for (const reply of replies.slice(0, login.length)) if (reply instanceof Error) throw reply
    return replies.slice(login.length)
  } finally {
    socket.destroy()
  }
}

/** One command and its reply; an error reply is thrown. */
export async function redisCommand(server, ...command) {
  const [reply] = await redisCommands(server, command)
  if (reply instanceof Error) throw reply
  return reply
}

function encode(command) {
  const parts = command.map(String).map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
  return `*${command.length}\r\n${parts.join('')}`
}

/** Every complete RESP2 reply in `bytes`. */
function parseReplies(bytes) {
  const replies = []
  let at = 0
  for (;;) {
    const parsed = parseReply(bytes, at)
    if (!parsed) return replies
    replies.push(parsed.value)
    at = parsed.next
  }
}

function parseReply(bytes, at) {
  const end = bytes.indexOf('\r\n', at)
  if (end === -1) return null
  const line = bytes.toString('utf8', at + 1, end)
  let next = end + 2
  switch (String.fromCharCode(bytes[at])) {
    case '+':
      return { value: line, next }
    case '-':
      return { value: new Error(line), next }
    case ':':
      return { value: Number(line), next }
    case '$': {
      const length = Number(line)
      if (length === -1) return { value: null, next }
      if (bytes.length < next + length + 2) return null
      return { value: bytes.toString('utf8', next, next + length), next: next + length + 2 }
    }
    case '*': {
      const items = []
      for (let i = 0; i < Number(line); i++) {
        const item = parseReply(bytes, next)
        if (!item) return null
        items.push(item.value)
        next = item.next
      }
      return { value: items, next }
    }
    default:
      throw new Error(`not a RESP2 reply: ${line}`)
  }
}
