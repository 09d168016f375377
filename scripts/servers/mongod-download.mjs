// Downloads a mongod, in a process of its own so that a download that hangs can be ended.
// Arguments: the version and the folder to put it in.

import { MongoBinary } from 'mongodb-memory-server-core'

const [version, downloadDir] = process.argv.slice(2)
try {
  await MongoBinary.getPath({ version, downloadDir })
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
process.disconnect()
