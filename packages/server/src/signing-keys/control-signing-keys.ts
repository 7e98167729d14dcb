import type { Region } from '@opentrail/core/event'
import { ControlConflictError, ControlUnavailableError, listAll, type ControlStore } from '../control/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import { createMutex } from '../process/index.ts'
import {
  openSigningKey,
  periodKey,
  regionOfKey,
  regionPrefix,
  sealKeyPair,
  signingKeysPrefix,
  viewOf,
  withoutPrivateHalf,
  type KeyDocument,
  type PeriodDocument,
} from './key-documents.ts'
import { fingerprintOf, generateRsaKeyPair, limitGeneration, type GenerateKeyPair, type KeyPair } from './key-pair.ts'
import { periodAt, privateHalfEndsAt, type KeyPeriod } from './key-periods.ts'
import { SigningKeyError, SigningKeyUnavailableError } from './signing-keys.ts'
import type { SigningKey, SigningKeyEvents, SigningKeys } from './signing-keys.ts'

export interface SigningKeysOptions {
  readonly control: ControlStore
  readonly keyRing: Pick<KeyRing, 'sealSecret' | 'openSecret'>
  /** Domain time, ms. */
  readonly now: () => number
  readonly events?: SigningKeyEvents
  /** RSA-2048 where absent. */
  readonly generate?: GenerateKeyPair
}

const dayMs = 86_400_000
/** Half of Node's thread pool, so that files are read and written meanwhile. */
const generationsAtOnce = 2
/** Regions times the periods that a late signer may ask for; more is a caller out of control. */
const generationsWaitingMax = 1_000
/** Attempts at a document that others change too, or whose change has an unknown outcome. */
const triesMax = 5
/** Each replaces one whose private half was destroyed, which takes a clock set back by weeks; 1 MiB holds twice as many. */
const keysPerPeriodMax = 1_000
/** Private halves in memory: far above the Regions of a deployment. */
const openedMax = 1_000

interface Opened {
  readonly region: Region
  readonly key: SigningKey
  readonly endsAt: number
}

/**
 * Keys in the control store, one document per Region and period. It is written on condition that nobody else wrote it, so
 * that of two processes which make a key at once both use the first one's. A process that dies before the write leaves
 * nothing, and has signed nothing.
 */
export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { control, keyRing, now, events } = options
  const limits = { atOnce: generationsAtOnce, waitingMax: generationsWaitingMax }
  const generate = limitGeneration(options.generate ?? generateRsaKeyPair, limits)
  /** By document. */
  const opened = new Map<string, Opened>()
  const obtaining = new Map<string, Promise<SigningKey>>()
  /** The period in which each Region's keys were last asked for: only those need a successor. */
  const askedIn = new Map<Region, number>()
  let sweptDay: number | undefined
  const rotating = createMutex()

  /** Any number of callers share one key in the making. */
  function keyOf(region: Region, period: KeyPeriod): Promise<SigningKey> {
    const name = periodKey(region, period)
    const known = opened.get(name)
    if (known) return Promise.resolve(known.key)
    const running = obtaining.get(name)
    if (running) return running
    const started = obtain(name, region, period).finally(() => obtaining.delete(name))
    obtaining.set(name, started)
    return started
  }

  async function obtain(name: string, region: Region, period: KeyPeriod): Promise<SigningKey> {
    let pair: KeyPair | undefined
    for (let tries = 1; ; tries++) {
      try {
        const stored = await control.get<PeriodDocument>(name)
        const newest = stored?.value.keys.at(-1)
        if (newest?.privateKey !== undefined) {
          // The write before, of which we were told that nobody knows whether it happened.
          if (pair && fingerprintOf(pair.publicKey) === newest.fingerprint) events?.made(region, newest.fingerprint)
          return open(name, region, newest)
        }
        pair ??= await generate()
        return await store(name, region, period, pair, stored)
      } catch (error) {
        if (!isTemporary(error)) throw error
        if (tries === triesMax) throw unavailable(region, error)
      }
    }
  }

  async function store(
    name: string,
    region: Region,
    { validFrom, validTo }: KeyPeriod,
    pair: KeyPair,
    stored: { readonly value: PeriodDocument; readonly version: number } | undefined,
  ): Promise<SigningKey> {
    const before = stored?.value.keys ?? []
    if (before.length >= keysPerPeriodMax) throw new SigningKeyError(`"${name}" has ${keysPerPeriodMax} keys already`)
    const document = sealKeyPair(keyRing, region, pair, { validFrom, validTo, createdAt: now() })
    const value: PeriodDocument = { keys: [...before, document] }
    await control.transact([{ key: name, value, ifVersion: stored?.version ?? 0 }])
    events?.made(region, document.fingerprint)
    return open(name, region, document)
  }

  function open(name: string, region: Region, document: KeyDocument): SigningKey {
    const key = openSigningKey(keyRing, region, document)
    opened.set(name, { region, key, endsAt: privateHalfEndsAt(document) })
    const [oldest] = opened.keys()
    if (opened.size > openedMax && oldest !== undefined) opened.delete(oldest)
    return key
  }

  async function documentsOf(region: Region): Promise<{ name: string; document: KeyDocument }[]> {
    try {
      const periods = await listAll<PeriodDocument>(control, regionPrefix(region))
      return periods.flatMap(({ key, value }) => value.keys.map((document) => ({ name: key, document })))
    } catch (error) {
      throw isTemporary(error) ? unavailable(region, error) : error
    }
  }

  /** The next period's key, once its validity has begun, so that nobody waits for it when it is needed. */
  async function makeSuccessors(at: number): Promise<void> {
    const period = periodAt(at)
    const next = periodAt(period.end)
    if (at < next.validFrom) return
    const regions = [...askedIn].filter(([, start]) => start === period.start).map(([region]) => region)
    await Promise.all(regions.map((region) => keyOf(region, next)))
  }

  /** Once a day: validity is a matter of days, and every key that there ever was is looked at. */
  async function destroyPrivateHalves(at: number): Promise<void> {
    for (const [name, { endsAt }] of opened) if (endsAt <= at) opened.delete(name)
    const day = Math.floor(at / dayMs)
    if (day === sweptDay) return
    for (const { key, value, version } of await listAll<PeriodDocument>(control, signingKeysPrefix)) {
      const newest = value.keys.at(-1)
      if (newest?.privateKey === undefined || privateHalfEndsAt(newest) > at) continue
      const keys = value.keys.map(withoutPrivateHalf)
      // Of two processes that do this at once one fails here; its next hour finds it done.
      await control.transact([{ key, value: { keys } satisfies PeriodDocument, ifVersion: version }])
      events?.destroyed(regionOfKey(key), newest.fingerprint)
    }
    sweptDay = day
  }

  async function rotate(time: number): Promise<void> {
    // Neither waits for the other: a key that cannot be made is no reason to keep one that should be gone.
    const outcomes = await Promise.allSettled([makeSuccessors(time), destroyPrivateHalves(time)])
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, 'not all signing keys could be looked after')
  }

  async function at(region: Region, time: number): Promise<SigningKey> {
    askedIn.set(region, periodAt(now()).start)
    return keyOf(region, periodAt(time))
  }

  return {
    at,
    current: (region) => at(region, now()),
    async byFingerprint(region, fingerprint) {
      for (const known of opened.values())
        if (known.region === region && known.key.fingerprint === fingerprint) return known.key
      const found = (await documentsOf(region)).find(({ document }) => document.fingerprint === fingerprint)
      return found && open(found.name, region, found.document)
    },
    async list(region, from, to) {
      return (await documentsOf(region))
        .filter(({ document: { validFrom, validTo } }) => validFrom <= to && validTo > from)
        .sort(({ document: a }, { document: b }) => a.validFrom - b.validFrom || a.createdAt - b.createdAt)
        .map(({ document }) => viewOf(region, document))
    },
    rotateDue: (time) => rotating(() => rotate(time)),
    async close() {
      await Promise.allSettled([...obtaining.values(), rotating(async () => {})])
    },
  }
}

const isTemporary = (error: unknown): boolean =>
  error instanceof ControlConflictError || error instanceof ControlUnavailableError

const unavailable = (region: Region, cause: unknown): SigningKeyUnavailableError =>
  new SigningKeyUnavailableError(`the signing keys of ${region} cannot be reached at the moment`, { cause })
