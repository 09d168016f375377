import { attachToNext, authenticatedBy } from 'studio-multidb/next'
import { apiAuthenticate } from './api/apiAuthenticate'
import { IS_PLATFORM } from './constants'
import { manager } from './multidb'

/**
 * Serves subscriptions as WebSockets on the server that Next has made. No `apiWrapper` is before
 * them: on the platform the token is checked here, which a page sends as the subprotocol
 * `bearer.<token>`.
 */
export function serveSockets() {
  attachToNext(manager, {
    getUser: (request) => (IS_PLATFORM ? authenticate(request) : null),
  })
}

// Synchronous, of the request. It may answer an id, claims, a user or `{ error }`; whoever it does not
// know is refused.
const authenticate = authenticatedBy(apiAuthenticate)
