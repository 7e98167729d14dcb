/** The content that belongs to an id: between nothing and some 50 kB of it. */
export function contentOfRound(id: string): Buffer {
  const number = Number(id.split('-').at(-1))
  return Buffer.from(`${id}|`.repeat(1 + ((number * 37) % 7_000)))
}
