import { registerHooks } from 'node:module'
import { mutants, type Mutant } from './mutants.ts'
import { runWorker } from './run-worker.ts'

/**
 * `node --conditions=opentrail-source test/fault/run-mutant.ts <name> [<seeds> [<first>]]`: runs schedules on the product as the mutant
 * breaks it, until one is judged to be wrong. Prints one JSON line: `{"seed":...,"message":...}`, or `{}` if none was. Fails
 * where that schedule finds the whole product wrong, too: then nothing was shown.
 */
const [name, seedsMax = '100', first] = process.argv.slice(2)
/** Far above what one schedule takes. */
const controlTimeoutMs = 60_000
const mutant = mutants.find((candidate) => candidate.name === name)
if (!mutant) throw new Error(`no mutant ${name}; there are ${mutants.map((known) => known.name).join(', ')}`)

let applied = false
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(`/packages/${mutant.file}`)) return loaded
    applied = true
    return { ...loaded, source: mutate(String(Buffer.from(loaded.source as Uint8Array)), mutant) }
  },
})

function mutate(source: string, { file, edits }: Mutant): string {
  return edits.reduce((text, { from, to }) => {
    const parts = text.split(from)
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`)
    return parts.join(to)
  }, source)
}

const { simulate } = await import('./simulation.ts')
if (!applied) throw new Error(`${mutant.file} was not loaded`)
let caught: { seed: number; message: string } | undefined
const firstSeed = Number(first ?? mutant.firstSeed ?? 1)
for (let seed = firstSeed; seed < firstSeed + Number(seedsMax) && !caught; seed++) {
  try {
    await simulate(seed)
  } catch (error) {
    caught = { seed, message: String(error) }
  }
}
if (caught) await demandControl(caught.seed)

/** Without the mutant, in a process of its own, since here the broken file stays loaded. */
async function demandControl(seed: number): Promise<void> {
  const { failures } = await runWorker<{ failures: readonly unknown[] }>('run-seeds.ts', [seed, 1], controlTimeoutMs)
  if (failures.length > 0) throw new Error(`seed ${seed} fails without ${name}, too: ${JSON.stringify(failures)}`)
}
process.stdout.write(`${JSON.stringify(caught ?? {})}\n`)
