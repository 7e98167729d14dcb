import type { FileToImport, ImportTarget, TakenFile } from './import-target.ts'

/** Where events belong that a server does not know yet. */
export interface NewPlaces {
  addAccount(accountId: string): Promise<void>
  /** Absent: Regions are configuration. */
  addRegion?(region: string): void
}

/** A file names a hundred refused records at most: one with more unknown places is taken again and again, up to here. */
const roundsMax = 20

/** Makes the accounts that files need and the server does not have: of each name first, of records when they are refused. */
export function withNewPlaces(target: ImportTarget, { addAccount, addRegion }: NewPlaces): ImportTarget {
  const accounts = new Map<string, Promise<void>>()
  const regions = new Set<string>()
  /** Whether there was anything to do. */
  async function ensure(accountIds: readonly string[], names: readonly string[]): Promise<boolean> {
    const missing = accountIds.filter((accountId) => !accounts.has(accountId))
    const unknown = addRegion ? names.filter((name) => !regions.has(name)) : []
    for (const accountId of missing) accounts.set(accountId, addAccount(accountId))
    for (const name of unknown) {
      regions.add(name)
      addRegion?.(name)
    }
    for (const accountId of accountIds) await accounts.get(accountId)
    return missing.length + unknown.length > 0
  }
  return {
    async take(file: FileToImport): Promise<TakenFile> {
      await ensure(file.account === undefined ? [] : [file.account], file.region === undefined ? [] : [file.region])
      let taken = await target.take(file)
      for (let round = 1; round < roundsMax; round++) {
        const isNew = await ensure(
          namedIn(taken, 'UnknownAccount', /"(\d{12})"/),
          namedIn(taken, 'UnknownRegion', region),
        )
        if (!isNew) break
        const again = await target.take(file)
        // What the first round has stored is not there "already".
        const imported = taken.imported + again.imported
        taken = { ...again, imported, alreadyThere: again.alreadyThere - taken.imported }
      }
      return taken
    },
  }
}

const region = /"([a-z][a-z0-9-]{0,31})"/

/** What refusals name, as admission words it. */
const namedIn = ({ refused }: TakenFile, refusal: string, pattern: RegExp): string[] => [
  ...new Set(
    refused.flatMap(({ code, message }) => {
      const name = code === refusal ? pattern.exec(message)?.[1] : undefined
      return name === undefined ? [] : [name]
    }),
  ),
]
