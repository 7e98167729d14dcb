// Builds test/wire/tlog-verifier into .tools: a few lines of Go around golang.org/x/mod/sumdb, which verifies our checkpoints and proofs
// with code nobody here wrote. Without Go or its module proxy those tests are skipped, and say so.
import { installGoProgram } from './lib/go-program.mjs'

installGoProgram({
  name: 'tlog-verifier',
  checks: 'checkpoints and proofs by golang.org/x/mod',
  // Seconds of two cores, most of them for Go's own library.
  buildMs: 5 * 60_000,
})
