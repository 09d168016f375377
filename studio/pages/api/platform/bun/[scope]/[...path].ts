import type { NextApiRequest, NextApiResponse } from 'next'
import apiWrapper from 'lib/api/apiWrapper'
import { multidb } from 'lib/multidb'

// The package reads the body itself: Next's parser rounds large integers and stops at 1 MB.
export const config = { api: { bodyParser: false, externalResolver: true, responseLimit: false } }

export default (req: NextApiRequest, res: NextApiResponse) =>
  apiWrapper(req, res, multidb, { withAuth: true })
