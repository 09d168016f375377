import { type Authentication, lookAtAuthentication } from './authenticate'
import { findSource } from './source'

const PURPOSE = `/**
 * Serves subscriptions as WebSockets on the server that Next has made. No \`apiWrapper\` is before
 * them: on the platform the token is checked here, which a page sends as the subprotocol
 * \`bearer.<token>\`.
`

/** `lib/multidbSockets.ts`, as it fits the Studio. */
export function socketsFile(studio: string): { text: string; doubt?: string } {
  const platform = /\bIS_PLATFORM\b/.test(findSource(studio, 'lib/constants')?.code ?? '')
  const isPlatform = platform ? 'IS_PLATFORM' : "process.env.NEXT_PUBLIC_IS_PLATFORM === 'true'"
  const constants = platform ? "import { IS_PLATFORM } from './constants'\n" : ''
  const authentication = lookAtAuthentication(studio)
  return authentication.found
    ? { text: fitting(authentication, constants, isPlatform) }
    : {
        text: doubtful(authentication.reason, constants, isPlatform),
        doubt: authentication.reason,
      }
}

function fitting(
  { path, isDefault, isAsync, parameters }: Authentication & { found: true },
  constants: string,
  isPlatform: string
): string {
  const from = path.replace(/^lib\//, './').replace(/(\/index)?\.\w+$/, '')
  const name = isDefault ? 'apiAuthenticate' : '{ apiAuthenticate }'
  const count = parameters.length === 1 ? 'the request' : 'the request and a response'
  return `import { attachToNext, authenticatedBy } from 'studio-multidb/next'
import ${name} from '${from}'
${constants}import { manager } from './multidb'

${PURPOSE} */
export function serveSockets() {
  attachToNext(manager, {
    getUser: (request) => (${isPlatform} ? authenticate(request) : null),
  })
}

// ${isAsync ? 'Asynchronous' : 'Synchronous'}, of ${count}. It may answer an id, claims, a user or \`{ error }\`; whoever it does not
// know is refused.
const authenticate = authenticatedBy(apiAuthenticate)
`
}

function doubtful(reason: string, constants: string, isPlatform: string): string {
  return `import { attachToNext } from 'studio-multidb/next'
${constants}import { manager } from './multidb'

${PURPOSE} *
 * TO DO: how this Studio authenticates could not be told when this file was written:
 * ${reason}.
 * Until \`authenticate\` is written, sockets are refused on the platform.
 */
export function serveSockets() {
  attachToNext(manager, {
    getUser: (request) => (${isPlatform} ? authenticate(request) : null),
  })
}

/** The user of a handshake: \`{ id }\`; it throws, or answers null, where there is none. */
function authenticate(_request: { headers: { authorization?: string } }): { id: string } | null {
  throw new Error('lib/multidbSockets.ts does not say yet who the user of a socket is')
}
`
}
