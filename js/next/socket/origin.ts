import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether whoever made a handshake meant to. A page of any site may open a WebSocket here, and the
 * browser sends the Studio's cookies along; but it always names the page's origin. So the origin must
 * be this host, or one that the operator allowed. Without one it is no browser, and must bring
 * nothing that a browser adds by itself: a bearer token it can't.
 */
export function isOriginAllowed(
  headers: IncomingHttpHeaders,
  allowedOrigins: readonly string[]
): boolean {
  const { origin, authorization, cookie } = headers
  if (origin === undefined) {
    if (isBearer(authorization)) return true
    return authorization === undefined && cookie === undefined && !headers['sec-fetch-site']
  }
  const url = parse(origin)
  if (!url) return false
  if (allowedOrigins.some((allowed) => parse(allowed)?.origin === url.origin)) return true
  // A proxy may have ended TLS, so only the host can be compared: as if it were the origin's scheme,
  // whose usual port is left out.
  return headers.host !== undefined && parse(`${url.protocol}//${headers.host}`)?.host === url.host
}

function isBearer(authorization: string | undefined): boolean {
  return /^bearer /i.test(authorization ?? '')
}

/** The origin's URL; `null` is what a page without an origin of its own says. */
function parse(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  return new URL(text)
}
