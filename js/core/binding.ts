import { type NativeManager, Upload } from '../../index'
import type { DatabaseType } from '../generated/schemas'
import { abortable } from './abort'
import type { Answer, Answering, Input, Operations, Told, Telling } from './operations'
import { bytesOf, lines, record, send, type UploadSource } from './stream'

/** How one call is made. */
export interface CallOptions {
  /** Ends the call: its promise rejects with the signal's reason, its work ends on the server. */
  signal?: AbortSignal | undefined
  /** Skips cached answers and metadata. */
  fresh?: boolean
}

/**
 * A target that is not in the registry, for code that holds a connection string itself. It can be
 * passed by the server's own code alone, never by a request.
 */
export type DirectTarget = { type: DatabaseType } & Pick<
  Input<'registry.databases.test_unsaved'>,
  'connection_string' | 'host' | 'port' | 'database_name' | 'username' | 'password' | 'options'
>

/** For whom, and of which connection, operations are run. */
export class Binding {
  constructor(
    readonly native: NativeManager,
    /** `scope`, `connection_id` and `identifier`, as in an API path. */
    readonly selector: object,
    readonly user?: string,
    readonly direct?: DirectTarget
  ) {}

  /** Runs an operation and resolves with the `data` of its answer. */
  async call<K extends Answering>(
    operation: K,
    input: Input<K>,
    { signal, fresh }: CallOptions = {}
  ): Promise<Answer<K>> {
    const answer = await abortable(signal, (cancellation) =>
      this.native.call(
        operation,
        this.text(input),
        this.user,
        fresh,
        this.directText(),
        cancellation
      )
    )
    return (JSON.parse(answer) as { data: Answer<K> }).data
  }

  /**
   * Runs an operation that tells records, and yields them. A record that tells of a failure is thrown
   * as this package's error.
   */
  async *records<K extends Telling>(
    operation: K,
    input: Input<K>,
    call?: CallOptions,
    body?: UploadSource
  ): AsyncGenerator<Told<K>> {
    for await (const line of lines(await this.open(operation, input, call, body))) {
      yield record<Told<K>>(line)
    }
  }

  /** Runs an operation that answers with a stream, and yields its bytes. */
  async open<K extends keyof Operations>(
    operation: K,
    input: Input<K>,
    { signal }: CallOptions = {},
    body?: UploadSource
  ): Promise<AsyncGenerator<Buffer>> {
    const upload = body === undefined ? undefined : new Upload()
    const opening = abortable(signal, (cancellation) =>
      this.native.open(
        operation,
        this.text(input),
        this.user,
        this.directText(),
        cancellation,
        upload
      )
    )
    if (upload) void send(body as UploadSource, upload)
    return bytesOf(await opening, signal)
  }

  /** An input as it crosses to the core. */
  text(input: object): string {
    return JSON.stringify({ ...input, ...this.selector })
  }

  /** The direct target as it crosses to the core. */
  directText(): string | undefined {
    return this.direct && JSON.stringify(this.direct)
  }
}
