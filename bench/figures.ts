import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'

interface Figure {
  readonly figure: string
  readonly value: string
  readonly target: string
  readonly note?: string
}

export const ms = (value: number): string => `${value.toFixed(1)} ms`

/** Collects figures of one benchmark, tells each as it comes, and in the end prints a table and writes `results/<name>.json`. */
export function createFigures(name: string) {
  const figures: Figure[] = []
  return {
    add(figure: string, value: string, target: string, note?: string): void {
      figures.push({ figure, value, target, ...(note !== undefined && { note }) })
      process.stderr.write(`${figure}: ${value}${target && ` (target ${target})`}${note ? ` - ${note}` : ''}\n`)
    },
    write(): void {
      const results = resolve(import.meta.dirname, 'results')
      mkdirSync(results, { recursive: true })
      const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
      const machine = `${cpus().length} cores, ${cpus()[0]?.model}, Node.js ${process.version}`
      const content = { commit, machine, date: new Date().toISOString(), figures }
      writeFileSync(join(results, `${name}.json`), `${JSON.stringify(content, null, 2)}\n`)
      console.log(`\n${machine}, commit ${commit}\n`)
      console.log('| figure | measured | target | note |\n|---|---|---|---|')
      for (const { figure, value, target, note } of figures)
        console.log(`| ${figure} | ${value} | ${target} | ${note ?? ''} |`)
    },
  }
}
