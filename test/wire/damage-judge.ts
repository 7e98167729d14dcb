import assert from 'node:assert/strict'
import type { S3Client } from '@aws-sdk/client-s3'
import { findingKinds, parseDigestKey } from '../../packages/core/src/digest/index.ts'
import {
  placeName,
  type Damage,
  type DamageTarget,
  type Objects,
} from '../../packages/core/src/digest/tampering.testing.ts'
import { chains, chainText, differing, digestsOf, listedBy, writeBucket, type ChainName } from './two-trails.ts'
import type { AwsLine, Verdicts, Verify } from './two-verdicts.ts'

/** What both verifiers say of one damage. */
export interface Judgement {
  readonly damage: Damage
  /** The AWS CLI's words, without names and times. */
  readonly aws: readonly string[]
  /** Kinds of findings. */
  readonly ours: readonly string[]
}

/** Damages of a few digests are done side by side, each in a piece of the chain of its own: a run of the AWS CLI takes a second. */
export const pieceLength = 5

export interface JudgeParts extends Pick<DamageTarget, 'insider' | 'foreignKey'> {
  readonly s3: S3Client
  readonly clean: Objects
  readonly verify: Verify
  /** Of the clean bucket. */
  readonly before: ReadonlyMap<string, Verdicts>
}

/** Does the damages, asks both verifiers, and puts all back. Fails where ours does not find exactly what is to be found. */
export function createDamageJudge({ s3, clean, verify, before, insider, foreignKey }: JudgeParts) {
  const [digests = [], ...others] = chains.map((chain) => digestsOf(clean, chain))
  const listed = listedBy(clean)

  function damaged(objects: Objects, damage: Damage, index: number) {
    const untouched = new Map(objects)
    const start = index * pieceLength
    const chain = damage.reach === 'row' ? digests.slice(start, start + pieceLength) : digests
    const expected = damage.apply({
      objects,
      chain,
      others,
      foreignKey,
      areKeysByRegion: true,
      ...(insider && { insider }),
    })
    assert.ok(expected, `the bucket lacks what it takes: ${damage.name}`)
    const places = expected.map(({ place }) => placeName(place))
    return { damage, expected, names: new Set([...differing(untouched, objects), ...places]) }
  }

  /** Whose verification has to look at the object. Undefined: nobody's, as no trail delivers there. */
  function chainOf(name: string): ChainName | undefined {
    const digest = parseDigestKey(name)
    const isIn = ({ trail, region }: ChainName): boolean =>
      digest ? digest.trailName === trail && digest.sourceRegion === region : name.includes(`/${region}/`)
    return [...clean.keys()].some((known) => folderOf(known) === folderOf(name))
      ? (listed.get(name) ?? chains.find(isIn))
      : undefined
  }

  /** What is new since the clean bucket. */
  async function askOf(chain: ChainName): Promise<{ aws: AwsLine[]; found: string[] }> {
    const { aws, ours, exitCode } = await verify(chain)
    const known = before.get(chainText(chain))
    assert.ok(known)
    const found = minus(ours, known.ours, findingText).filter(({ subject }) => !isElsewhere(subject.key, chain))
    assert.equal(exitCode, ours.some(({ kind }) => findingKinds[kind].severity === 'invalid') ? 1 : 0)
    return { aws: minus(aws, known.aws, ({ name, says }) => name + says), found: found.map(findingText) }
  }

  /** Some damages are done where no trail delivers. */
  const concerns = (names: ReadonlySet<string>): boolean => [...names].every((name) => chainOf(name) !== undefined)

  async function judge(damages: readonly Damage[]): Promise<Judgement[]> {
    const objects: Objects = new Map(clean)
    const done = damages.map((damage, index) => damaged(objects, damage, index))
    const concerned = new Set(done.flatMap(({ names }) => Array.from(names, (name) => chainOf(name)!)))
    const changed = differing(clean, objects)
    await writeBucket(s3, objects, changed)
    const asked = []
    for (const chain of concerned) asked.push(await askOf(chain))
    await writeBucket(s3, clean, changed)
    const aws = asked.flatMap((each) => each.aws)
    const expected = done.flatMap((each) => each.expected.map(({ kind, place }) => `${kind} ${placeName(place)}`))
    const what = damages.map(({ name }) => name).join('\n')
    assert.deepEqual(asked.flatMap(({ found }) => found).toSorted(), expected.toSorted(), what)
    const isOf = ({ name }: AwsLine, { names }: { names: ReadonlySet<string> }) => done.length === 1 || names.has(name)
    for (const line of aws)
      assert.equal(done.filter((each) => isOf(line, each)).length, 1, `${line.name}: ${line.says}`)
    return done.map((each) => ({
      damage: each.damage,
      aws: unique(aws.filter((line) => isOf(line, each)).map(({ says }) => says)),
      ours: unique(each.expected.map(({ kind }) => kind)),
    }))
  }
  return {
    /** Whether the damage is one to this bucket. */
    isFit: (damage: Damage): boolean => concerns(damaged(new Map(clean), damage, 0).names),
    judge,
  }
}

const folderOf = (name: string): string => name.slice(0, name.indexOf('AWSLogs/'))
const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)]

/** A digest that a forged link leads to, in another Region: as the AWS CLI does, ours looks at it, and it is none of this chain. */
const isElsewhere = (key: string, { region }: ChainName): boolean =>
  (parseDigestKey(key)?.sourceRegion ?? region) !== region
const findingText = ({ kind, subject }: Verdicts['ours'][number]): string => `${kind} ${placeName(subject)}`

/** Those of `all` that are not among `known`, each as often as it is there once more. */
function minus<Value>(all: readonly Value[], known: readonly Value[], textOf: (value: Value) => string): Value[] {
  const left = known.map(textOf)
  return all.filter((value) => {
    const index = left.indexOf(textOf(value))
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
}
