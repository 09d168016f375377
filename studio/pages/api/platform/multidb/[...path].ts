import type { NextApiRequest, NextApiResponse } from 'next'
import apiWrapper from 'lib/api/apiWrapper'
import { multidb } from 'lib/multidb'

// The package reads the body itself: Next's parser rounds large integers and stops at 1 MB.
export const config = { api: { bodyParser: false, externalResolver: true, responseLimit: false } }

// The figures for Prometheus ask for a token of the operator's (MULTIDB_METRICS_TOKEN), not for a user.
export default (req: NextApiRequest, res: NextApiResponse) =>
  apiWrapper(req, res, multidb, { withAuth: String(req.query.path) !== 'metrics' })
