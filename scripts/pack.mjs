// Packs what has been built, unless that was done, and prints the tarball's path.

import { pack } from './steps/package.mjs'

process.stdout.write(`${await pack()}\n`)
