import { createHash } from 'node:crypto'

/** Repeatable chance: the same seed tells the same story, on every machine. */
export interface Dice {
  /** At least `least`, less than `most`. */
  between(least: number, most: number): number
  /** A whole number, both ends included. */
  whole(least: number, most: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
  chance(probability: number): boolean
  hex(length: number): string
  /** Letters and digits as in AWS's unique ids. */
  letters(length: number): string
  uuid(): string
}

const idLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function createDice(seed: string): Dice {
  const bytes = byteStream(seed)
  const fraction = () => {
    let value = 0
    for (let index = 0; index < 6; index++) value = value * 256 + bytes()
    return value / 2 ** 48
  }
  const text = (letters: string, length: number) =>
    Array.from({ length }, () => letters[bytes() % letters.length]!).join('')
  const dice: Dice = {
    between: (least, most) => least + fraction() * (most - least),
    whole: (least, most) => least + Math.floor(fraction() * (most - least + 1)),
    pick: (choices) => choices[Math.floor(fraction() * choices.length)] ?? choices[0],
    chance: (probability) => fraction() < probability,
    hex: (length) => text('0123456789abcdef', length),
    letters: (length) => text(idLetters, length),
    uuid: () => `${dice.hex(8)}-${dice.hex(4)}-4${dice.hex(3)}-${'89ab'[bytes() % 4]}${dice.hex(3)}-${dice.hex(12)}`,
  }
  return dice
}

/** SHA-256 in counter mode: one algorithm that is the same everywhere. */
function byteStream(seed: string): () => number {
  let block = Buffer.alloc(0)
  let counter = 0
  let place = 0
  return () => {
    if (place === block.length) {
      block = createHash('sha256').update(`${seed}/${counter++}`).digest()
      place = 0
    }
    return block[place++]!
  }
}
