import { QueryError } from '../core/errors'

/** What a handler was told of origins; a bad value would be missed only where it is needed. */
export function checkOrigins(origins: unknown): string[] | undefined {
  if (origins === undefined || origins === null) return undefined
  const wrong = (value: unknown) => {
    const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : typeof value
    const message =
      `allowedOrigins must be a list of origins such as "https://studio.example.com", without a ` +
      `path; ${shown} is none`
    return new QueryError(message, { option: 'allowedOrigins' }, { code: 'VALIDATION_ERROR' })
  }
  if (!Array.isArray(origins)) throw wrong(origins)
  for (const origin of origins) if (!isOrigin(origin)) throw wrong(origin)
  return origins as string[]
}

function isOrigin(text: unknown): boolean {
  if (typeof text !== 'string') return false
  try {
    const { protocol, username, password, pathname, href, origin } = new URL(text.trim())
    const isBare = username === '' && password === '' && pathname === '/' && href === `${origin}/`
    return (protocol === 'http:' || protocol === 'https:') && isBare
  } catch {
    return false
  }
}
