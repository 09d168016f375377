/** A document as Extended JSON v2. */
export type Document = Record<string, unknown>

/** How documents are shown: `canonical` keeps every type visible; default `relaxed`. */
export type Ejson = 'relaxed' | 'canonical'
