import { seededRandom } from '../disk/seeded-random.testing.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
}

/** A front to be fuzzed. `World` is the front and what is behind it, `Request` what is sent into it. */
export interface FuzzedFront<World, Request extends { readonly body: Buffer }> {
  /** Inputs before everything starts afresh: what was made is held in memory. */
  readonly inputsPerWorld: number
  openWorld(next: () => number): Promise<World>
  closeWorld?(world: World): Promise<void>
  buildRequest(next: () => number, world: World): Request
  /** @returns the outcome's name. @throws what is wrong with the answer. */
  sendChecked(world: World, request: Request, number: number): Promise<string>
}

export interface FuzzSummary {
  readonly inputs: number
  /** By the protocol's code. */
  readonly outcomes: Readonly<Record<string, number>>
}

/** Of a request as it is shown; the seed gives all of it again. */
const shownCharactersMax = 2_000

/** Sends `inputs` requests, one after the other. @throws with seed, number and request of the first that is answered wrongly. */
export async function fuzzFront<World, Request extends { readonly body: Buffer }>(
  { seed, inputs }: FuzzOptions,
  front: FuzzedFront<World, Request>,
): Promise<FuzzSummary> {
  const next = seededRandom(seed)
  const outcomes = new Map<string, number>()
  for (let number = 0; number < inputs;) {
    const world = await front.openWorld(next)
    for (const end = Math.min(inputs, number + front.inputsPerWorld); number < end; number++) {
      const request = front.buildRequest(next, world)
      try {
        const outcome = await front.sendChecked(world, request, number)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      } catch (cause) {
        const body = request.body.toString('latin1').slice(0, shownCharactersMax)
        throw new Error(`seed ${seed}, input ${number}: ${JSON.stringify({ ...request, body })}`, { cause })
      }
    }
    await front.closeWorld?.(world)
  }
  return { inputs, outcomes: Object.fromEntries([...outcomes].sort(([, a], [, b]) => b - a)) }
}

/** Far more than a slow machine needs for an input. */
const inputMsMax = 20

/** `FUZZ_INPUTS=1000000` for the long run, `FUZZ_SEED` to see a failure again. */
export function fuzzRun(): FuzzOptions & { readonly timeout: number } {
  const inputs = Number(process.env['FUZZ_INPUTS'] ?? 20_000)
  return { inputs, seed: Number(process.env['FUZZ_SEED'] ?? 1), timeout: 60_000 + inputs * inputMsMax }
}

/** Those of the outcomes that hardly came: the run has looked past them. */
export function rareOutcomes(
  outcomes: FuzzSummary['outcomes'],
  { inputs }: FuzzOptions,
  names: readonly string[],
): string[] {
  if (process.env['FUZZ_INPUTS'] !== undefined) console.log(outcomes)
  return names.filter((name) => (outcomes[name] ?? 0) <= inputs / 400).map((name) => `${name}: ${outcomes[name] ?? 0}`)
}
