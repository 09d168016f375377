import type { Pipeline, ShownAs } from '../../generated/schemas'

/** A document as Extended JSON v2. */
export type Document = Record<string, unknown>

/** How documents are asked for; where nothing is said, as objects. */
export type As = ShownAs | undefined

/** A document in the form that was asked for. */
export type ShownDocument<T, A extends As> = [A] extends ['text'] ? string : T

/**
 * A document, or the text of one as Extended JSON, which is sent as it is. JavaScript puts names like `10`
 * before all others, has one `1` for `1` and `1.0`, and one `0` for `0` and `-0`: an object is sent as
 * JavaScript has it, and what must keep its order and its types to the byte is given as text.
 */
export type DocumentInput = Document | string

/** Stages, each of which may be text, or the text of them all. */
export type PipelineInput = Pipeline
