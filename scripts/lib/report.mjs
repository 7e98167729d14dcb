/** Progress goes to stderr: what a command prints on stdout is for its caller (`eval "$(...)"`). */
export const progress = (text) => void process.stderr.write(`opentrail: ${text}...\n`)

/** Says in one line why it cannot go on, and ends. @returns {never} */
export function refuse(text) {
  process.stderr.write(`opentrail: ${text}\n`)
  process.exit(1)
}
