import type { NextApiRequest, NextApiResponse } from 'next'
import { IS_PLATFORM } from 'lib/constants'
import { apiAuthenticate, type JwtClaims } from './apiAuthenticate'

type Handler = (req: NextApiRequest, res: NextApiResponse, claims?: JwtClaims) => unknown

/** As in the Studio: authenticates on the platform only, and does not await the handler. */
export default async function apiWrapper(
  req: NextApiRequest,
  res: NextApiResponse,
  handler: Handler,
  options?: { withAuth: boolean }
) {
  try {
    if (!IS_PLATFORM || !options?.withAuth) return handler(req, res)

    const { claims, error } = apiAuthenticate(req)
    if (error) {
      const message = `Unauthorized: ${error.message}`
      return res.status(401).json({ message, error: { message } })
    }
    return handler(req, res, claims)
  } catch {
    const message = 'Internal server error'
    return res.status(500).json({ message, error: { message } })
  }
}
