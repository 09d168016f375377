import type { Binding, CallOptions } from '../invoke'
import { records } from '../stream'
import type { Document, Ejson, PipelineInput } from './document'

/** Says where a stream was; opaque, and kept as it is. */
export type ResumeToken = Document

/** A time of the server: its own timestamp, or a date, whose second it begins with. */
export type ServerTime =
  { $timestamp: { t: number; i: number } } | { $date: string } | Date | string

/** How to watch, and from when. */
export interface WatchOptions {
  /** Stages that events go through: `$match`, `$project`, `$set`, `$unset`, `$replaceRoot`, `$redact`… */
  pipeline?: PipelineInput
  /** Which document an update is told with; `default` is none. */
  fullDocument?: 'default' | 'updateLookup' | 'whenAvailable' | 'required'
  /** Whether a change is told with the document as it was before. */
  fullDocumentBeforeChange?: 'off' | 'whenAvailable' | 'required'
  /** Tells of indexes and collections too (MongoDB 6.0). */
  showExpandedEvents?: boolean
  /** Begins after the event of this token. */
  resumeAfter?: ResumeToken
  /** The same, also after an `invalidate`. */
  startAfter?: ResumeToken
  /** Begins with the changes of this time. */
  startAtOperationTime?: ServerTime
  /** Events that the server sends at a time, at most 1000. */
  batchSize?: number
  /** Milliseconds that the server waits for events before it says that there are none; default 1000. */
  maxAwaitTimeMS?: number
  ejson?: Ejson
}

/** An event as the server tells it; a pipeline may leave out all but `_id`. */
export interface ChangeEvent extends Document {
  _id: ResumeToken
  operationType?: string
  ns?: { db: string; coll?: string }
  documentKey?: Document
  fullDocument?: Document | null
  fullDocumentBeforeChange?: Document | null
  updateDescription?: Document
}

/** What a watcher is told. */
export type WatchMessage =
  | { type: 'change'; change: ChangeEvent; resume_token: ResumeToken }
  /** There is nothing to tell, but a newer place to resume. */
  | { type: 'progress'; resume_token: ResumeToken | null }
  /** The server can't be heard. What follows goes on where it was. */
  | { type: 'disconnected'; code: string; message: string }
  /** What was watched was dropped or renamed. Nothing follows; the token is one for `startAfter`. */
  | { type: 'invalidate'; resume_token: ResumeToken | null }
  /** The server no longer has the changes after the token. An error follows. */
  | { type: 'gap'; reason: 'history_lost'; resume_token: ResumeToken | null }

/** What to watch. */
export interface WatchTarget {
  db: string | undefined
  coll: string | undefined
}

/** @internal */
export function watch(
  binding: Binding,
  { db, coll }: WatchTarget,
  options: WatchOptions,
  call?: CallOptions
): AsyncGenerator<WatchMessage> {
  const of = coll !== undefined ? '' : db !== undefined ? '.database' : '.cluster'
  return records(binding, `mongodb.watch${of}`, { ...options, db, coll }, call)
}
