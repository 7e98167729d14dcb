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
  async function ensure(accountIds: readonly string[], regions: readonly string[]): Promise<void> {
    for (const name of regions) addRegion?.(name)
    for (const accountId of accountIds) {
      const making = accounts.get(accountId) ?? addAccount(accountId)
      accounts.set(accountId, making)
      await making
    }
  }
  return {
    async take(file: FileToImport): Promise<TakenFile> {
      await ensure(file.account === undefined ? [] : [file.account], file.region === undefined ? [] : [file.region])
      let taken = await target.take(file)
      // Of this file: another one may have made a place meanwhile.
      const ensured = new Set<string>()
      for (let round = 1; round < roundsMax; round++) {
        const missing = namedIn(taken, 'UnknownAccount', accountPattern)
        const unknown = addRegion ? namedIn(taken, 'UnknownRegion', regionPattern) : []
        const isNew = [...missing, ...unknown].some((name) => !ensured.has(name))
        if (!isNew) break
        await ensure(missing, unknown)
        for (const name of [...missing, ...unknown]) ensured.add(name)
        const again = await target.take(file)
        // What an earlier round has stored is not there "already".
        const imported = taken.imported + again.imported
        taken = { ...again, imported, alreadyThere: again.alreadyThere - taken.imported }
      }
      return taken
    },
  }
}

const accountPattern = /"(\d{12})"/
const regionPattern = /"([a-z][a-z0-9-]{0,31})"/

/** What refusals name, as admission words it. */
const namedIn = ({ refused }: TakenFile, refusal: string, pattern: RegExp): string[] => [
  ...new Set(
    refused.flatMap(({ code, message }) => {
      const name = code === refusal ? pattern.exec(message)?.[1] : undefined
      return name === undefined ? [] : [name]
    }),
  ),
]
