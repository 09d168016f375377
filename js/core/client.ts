import type { Binding } from './binding'

/** What runs operations for somebody. */
export abstract class Client {
  // Private to the runtime too: whoever logs a client must not log the password of a direct target.
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** @internal */
  protected get binding(): Binding {
    return this.#binding
  }
}
