// One user, in the shapes in which Studios pass theirs around.

export const id = '7d0c9c7e-4f0a-4f0e-9c53-000000000001'
export const OTHER = '7d0c9c7e-4f0a-4f0e-9c53-000000000002'

/** What can be had at once. */
export const PLAIN: Array<[string, unknown]> = [
  ['an id', id],
  ['an object with an id', { id, email: 'a@example.com' }],
  ['the fork’s context', { userId: id, email: 'a@example.com', firstName: null, sessionId: OTHER }],
  ['a row', { user_id: id }],
  ['claims', { sub: id, session_id: OTHER, aud: 'authenticated' }],
  ['claims in an object', { claims: { sub: id }, error: null }],
  ['a session with its user', { user: { id, email: 'a@example.com' }, expires: 'tomorrow' }],
  ['what a client library answers', { data: { user: { id } }, error: null }],
  ['the same id twice', { id, sub: id, user: { userId: id } }],
]

export const SHAPES: Array<[string, unknown]> = [
  ...PLAIN,
  ['a promise', Promise.resolve({ userId: id })],
]

/** Third arguments that have an id, and say nowhere that it is a user's. */
export const NOT_SAID: Array<[string, unknown]> = [
  ['a text', id],
  ['an id alone', { id }],
  ['a project', { id, ref: 'default', name: 'Shop' }],
  ['a row in an answer', { data: { id, name: 'a' }, error: null }],
  ['a later text', Promise.resolve(id)],
]
