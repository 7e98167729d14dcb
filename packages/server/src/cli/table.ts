/** Longest cell; what is longer is cut with an ellipsis, the whole value is in `--format json`. */
const cellWidthMax = 60

/** Text from records is untrusted: control characters could move the cursor or change the terminal's title. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- these are the characters to be removed
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\u00b7')

/** Left-aligned columns under their headings. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cut(printable(cell))))
  const widths = headings.map((heading, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), heading.length),
  )
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  ')
  return [headings, ...cells].map((row) => line(row).trimEnd()).join('\n')
}

const cut = (text: string): string => (text.length > cellWidthMax ? `${text.slice(0, cellWidthMax - 1)}…` : text)

export function formatByteSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
