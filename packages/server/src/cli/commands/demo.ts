import { isAccountId } from '@opentrail/core/event'
import { misuse } from '../command-error.ts'
import { connect, type Connection, type ConnectionFlags } from '../connection.ts'
import { print, printJson, programName, type CliContext } from '../context.ts'
import { leakedKeyId, storyRegions, tellStory } from '../../demo/index.ts'
import { domainNow } from '../domain-now.ts'
import type { FormatFlags } from '../flags.ts'
import { describeSummary, sendRecords } from '../send-records.ts'

export interface DemoFlags extends ConnectionFlags, FormatFlags {
  readonly account?: string
  readonly seed?: string
  readonly printOnly?: boolean
}

const fallbackAccount = '000000000000'

export async function demo(this: CliContext, flags: DemoFlags): Promise<void> {
  const seed = /^\d{1,9}$/.test(flags.seed ?? '1') ? Number(flags.seed ?? '1') : undefined
  if (seed === undefined) throw misuse(`--seed is a whole number, not "${flags.seed}"`)
  if (flags.account !== undefined && !isAccountId(flags.account))
    throw misuse(`--account is twelve digits, not "${flags.account}"`)
  if (flags.printOnly === true) return printStory(this, flags, seed)
  const connection = await connect(this, flags)
  const account = flags.account ?? connection.server?.account ?? fallbackAccount
  const records = tellStory({
    account,
    seed,
    ...storyRegions(connection.region, connection.server?.region),
    end: await domainNow(this, connection),
  })
  const summary = await sendRecords(
    this,
    connection,
    records.map((record) => Buffer.from(JSON.stringify(record))),
  )
  if (flags.format === 'json') return printJson(this, summary)
  print(this, describeSummary(summary))
  if (summary.stored > 0) print(this, nextSteps(connection))
}

function printStory(context: CliContext, flags: DemoFlags, seed: number): void {
  const place = storyRegions(flags.region ?? 'us-east-1')
  const records = tellStory({ account: flags.account ?? fallbackAccount, seed, ...place, end: context.now() })
  for (const record of records) print(context, JSON.stringify(record))
}

function nextSteps({ region, endpoint, server }: Connection): string {
  const program = programName()
  const where = server ? '' : ` --endpoint ${endpoint}`
  const leading = server?.region ?? 'us-east-1'
  const there = `${where}${region === leading ? '' : ` --region ${region}`}`
  return [
    'Try:',
    `  ${program} lookup-events --event-name ConsoleLogin${where}${region === leading ? '' : ` --region ${leading}`}`,
    `  ${program} lookup-events --access-key-id ${leakedKeyId}${there}     # a leaked key at work`,
    `  ${program} lookup-events --event-name StopLogging${there}`,
  ].join('\n')
}
