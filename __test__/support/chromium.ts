import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { installedChromium } from '../../scripts/test/chromium.mjs'

/** Chromium's program: one that is installed, or the one that Playwright has fetched. */
export const findChromium = (): string | undefined =>
  [installedChromium(), chromium.executablePath()].find((path) => path && existsSync(path)) ??
  undefined
