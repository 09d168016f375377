import { createHmac, timingSafeEqual } from 'node:crypto'
import type { NextApiRequest } from 'next'

export interface JwtClaims {
  sub: string
  exp?: number
}

type Authenticated =
  { claims: JwtClaims; error?: undefined } | { claims?: undefined; error: { message: string } }

/** Checks the `Authorization: Bearer <token>` header against `AUTH_JWT_SECRET` (HS256). */
export function apiAuthenticate(req: NextApiRequest): Authenticated {
  const secret = process.env.AUTH_JWT_SECRET
  if (!secret) return refused('AUTH_JWT_SECRET is not set')
  const token = /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
  if (!token) return refused('missing access token')
  const claims = verify(token, secret)
  return claims ? { claims } : refused('invalid or expired access token')
}

const refused = (message: string) => ({ error: { message } })

function verify(token: string, secret: string): JwtClaims | null {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) return null
  const expected = createHmac('sha256', secret).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  // Only what carries our own signature is parsed.
  try {
    const { alg } = parse<{ alg?: unknown }>(header)
    const claims = parse<JwtClaims>(payload)
    if (alg !== 'HS256' || typeof claims.sub !== 'string') return null
    return claims.exp === undefined || claims.exp * 1000 > Date.now() ? claims : null
  } catch {
    return null
  }
}

const parse = <T>(part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as T
