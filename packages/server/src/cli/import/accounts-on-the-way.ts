import type { FileToImport, ImportTarget, TakenFile } from './import-target.ts'

/** A file names a hundred refused records at most: one with more unknown accounts is taken again and again, up to here. */
const roundsMax = 20

/** Makes the accounts that files need and the server does not have: of each name first, of records when they are refused. */
export function withNewAccounts(target: ImportTarget, create: (accountId: string) => Promise<void>): ImportTarget {
  const made = new Map<string, Promise<void>>()
  const ensure = (accountId: string): Promise<void> => {
    const making = made.get(accountId) ?? create(accountId)
    made.set(accountId, making)
    return making
  }
  return {
    async take(file: FileToImport): Promise<TakenFile> {
      if (file.account !== undefined) await ensure(file.account)
      let taken = await target.take(file)
      for (let round = 1; round < roundsMax; round++) {
        const missing = unknownAccounts(taken).filter((accountId) => !made.has(accountId))
        if (missing.length === 0) break
        for (const accountId of missing) await ensure(accountId)
        const again = await target.take(file)
        // What the first round has stored is not there "already".
        taken = {
          ...again,
          imported: taken.imported + again.imported,
          alreadyThere: again.alreadyThere - taken.imported,
        }
      }
      return taken
    },
  }
}

/** As admission words it. */
export const unknownAccounts = ({ refused }: TakenFile): string[] => [
  ...new Set(
    refused.flatMap(({ code, message }) => {
      const accountId = code === 'UnknownAccount' ? /"(\d{12})"/.exec(message)?.[1] : undefined
      return accountId === undefined ? [] : [accountId]
    }),
  ),
]
