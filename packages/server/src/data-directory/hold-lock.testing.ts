import { openDataDirectory } from './data-directory.ts'

// A server that is meant to be killed: says when it has the directory, and keeps it.
await openDataDirectory(process.argv[2]!)
process.stdout.write('locked\n')
setInterval(() => {}, 60_000)
