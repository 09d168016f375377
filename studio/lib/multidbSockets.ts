import type { NextApiRequest } from 'next'
import { attachToNext } from 'studio-multidb/next'
import { IS_PLATFORM } from 'lib/constants'
import { apiAuthenticate } from 'lib/api/apiAuthenticate'
import { manager } from 'lib/multidb'

/**
 * Serves subscriptions as WebSockets on the server that Next has made. No `apiWrapper` is before
 * them: on the platform the token is checked here, which a page sends as the subprotocol
 * `bearer.<token>`.
 */
export function serveSockets() {
  attachToNext(manager, {
    getUser: (request) =>
      IS_PLATFORM ? apiAuthenticate(request as NextApiRequest).claims?.sub : null,
  })
}
