// Builds test/wire/go-transfer into .tools: the transfer manager of the AWS SDK for Go, which uploads to our buckets and downloads from
// them in parts. Without Go 1.24 or its module proxy those tests are skipped, and say so.
import { installGoProgram } from './lib/go-program.mjs'

installGoProgram({
  name: 'go-transfer',
  checks: 'buckets by the transfer manager of the AWS SDK for Go',
  // A minute of two cores: S3's client is large.
  buildMs: 10 * 60_000,
})
