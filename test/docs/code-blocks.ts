/** A fenced shell block of a document: ```sh [kind] */
export interface CodeBlock {
  /** `server` starts a server that the rest talks to, `needs-aws` wants the AWS CLI, `test` is what runs us. */
  readonly kind: '' | 'server' | 'needs-aws' | 'test'
  readonly line: number
  readonly text: string
}

const kinds = new Set(['', 'server', 'needs-aws', 'test'])

/** The shell blocks of a Markdown document, in order. @throws {Error} at a block of a kind that is not known. */
export function shellBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { kind: string; line: number; text: string[]; isShell: boolean } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\S*)\s*(.*)$/.exec(line)
    if (!fence) open?.text.push(line)
    else if (!open) open = { kind: fence[2]!.trim(), line: index + 1, text: [], isShell: fence[1] === 'sh' }
    else {
      if (open.isShell) {
        if (!kinds.has(open.kind)) throw new Error(`line ${open.line}: a shell block of unknown kind "${open.kind}"`)
        blocks.push({ kind: open.kind as CodeBlock['kind'], line: open.line, text: open.text.join('\n') })
      }
      open = undefined
    }
  }
  return blocks
}
