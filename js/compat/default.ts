import { decryptWith } from '../../index'
import { fromNative } from '../core/errors'
import { Manager } from '../manager'
import type { DatabaseType } from '../types'
import { Binding, type DirectTarget } from '../core/binding'

let manager: Manager | undefined

/** The manager that the module-level functions use: made from the environment at the first call. */
export function defaultManager(): Manager {
  manager ??= new Manager()
  return manager
}

/** Lets the next call make it again; for code that shut everything down. */
export async function closeDefaultManager(): Promise<void> {
  const closing = manager
  manager = undefined
  await closing?.shutdown()
}

/** A binding to a connection string, or to the connection of the environment variable. */
export function bindingTo(
  type: DirectTarget['type'],
  connectionString: string | undefined
): Binding {
  if (connectionString !== undefined) {
    return defaultManager().direct({ type, connection_string: connectionString })
  }
  return new Binding(defaultManager().native, { scope: 'default', identifier: 'env' })
}

/** A connection string that was encrypted with crypto-js, under the key of its type or the common one. */
export function decrypted(text: string | undefined, key: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    return decryptWith(text, key ?? process.env.PG_META_CRYPTO_KEY ?? '')
  } catch (error) {
    throw fromNative(error)
  }
}

/** Whether a server of a type answers at a connection string. */
export async function answers(type: DatabaseType, connectionString: string): Promise<boolean> {
  const target = { database_type: type, connection_string: connectionString }
  return (await defaultManager().databases().testTarget(target)).success
}

/** What most functions of the documents answer: one of the two. */
export type Result<T> = { data?: T; error?: Error }

/** Answers a failure instead of throwing it. */
export async function settled<T>(work: Promise<T> | (() => Promise<T>)): Promise<Result<T>> {
  try {
    return { data: await (typeof work === 'function' ? work() : work) }
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }
}
