// What holds of the plan of `src/`: a request goes straight down, nobody needs to know a crowd of
// files at once, and a name means one thing.

import { circlesOf } from './plan.mjs'

/** From the ground up; a room imports from those below it. What is not named is on the ground. */
const FLOORS = [
  'sockets',
  'backend',
  'pool',
  'platform',
  'registry',
  'access',
  'service',
  'request',
  'operations',
  'api',
  'bindings',
]

const MOST_IN_A_CIRCLE = 6

/** Files that lie beside each other in a folder. */
const MOST_IN_A_ROOM = 15

/** What is wrong with a plan, a line each. */
export function faultsOf(files) {
  return [...upwards(files), ...circles(files), ...crowded(files), ...twice(files)]
}

const roomOf = (path) => path.split('/')[0].replace(/\.rs$/, '')

function* upwards(files) {
  for (const [path, { imports }] of files) {
    if (path === 'lib.rs') continue
    for (const other of imports) {
      const [floor, wanted] = [path, other].map((file) => FLOORS.indexOf(roomOf(file)))
      if (wanted > floor) yield `${path} imports ${other}, which is above it`
    }
  }
}

function* circles(files) {
  for (const circle of circlesOf(files)) {
    if (circle.length <= MOST_IN_A_CIRCLE) break
    yield `${circle.length} files import each other: ${circle.join(', ')}`
  }
}

function* crowded(files) {
  const counts = new Map()
  for (const path of files.keys()) {
    if (path.endsWith('mod.rs')) continue
    const room = path.split('/').slice(0, -1).join('/')
    counts.set(room, (counts.get(room) ?? 0) + 1)
  }
  for (const [room, count] of counts) {
    if (count > MOST_IN_A_ROOM) yield `${room || 'src'} has ${count} files beside each other`
  }
}

function* twice(files) {
  const homes = new Map()
  for (const [path, { types }] of files) {
    const [room, backend] = path.split('/')
    if (room !== 'backend' && room !== 'operations') continue
    for (const name of types) {
      const key = `${room}/${backend}: ${name}`
      homes.set(key, [...(homes.get(key) ?? []), path])
    }
  }
  for (const [key, paths] of homes) {
    if (paths.length > 1) yield `${key} is declared in ${paths.join(', ')}`
  }
}
