/** A spreadsheet takes what begins so for a formula, and runs it. */
const formulaStart = /^[\s]*[=+\-@\t\r|%]/

/**
 * One row of a CSV file (RFC 4180). Values are strangers' text: one that a spreadsheet would run as a formula gets an apostrophe in front,
 * which spreadsheets do not show.
 */
export const csvRow = (values: readonly string[]): string => `${values.map(csvCell).join(',')}\r\n`

function csvCell(value: string): string {
  const harmless = formulaStart.test(value) ? `'${value}` : value
  return /[",\r\n\u2028\u2029]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
