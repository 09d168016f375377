// Builds the Studio host with the packed package in it, unless that was done.

import { buildStudio } from './steps/package.mjs'

await buildStudio()
