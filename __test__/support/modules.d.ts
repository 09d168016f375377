// Modules without types of their own, as far as the tests use them.

declare module 'crypto-js' {
  interface Encrypted {
    toString(encoding?: unknown): string
  }
  const CryptoJS: {
    AES: {
      encrypt(text: string, passphrase: string): Encrypted
      decrypt(text: string, passphrase: string): Encrypted
    }
    enc: { Utf8: unknown }
  }
  export default CryptoJS
}
