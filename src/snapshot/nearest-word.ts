/** A hint for a word that is none of `words`. */
export function hintWord(typed: string, words: readonly string[]): string {
  const nearest = nearestWord(typed, words);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return `known here: ${words.map((word) => `"${word}"`).join(", ")}`;
}

/** The word that `typed` most likely stands for: at most two slips away, or a third of its length; undefined if none is. */
function nearestWord(typed: string, words: readonly string[]): string | undefined {
  if (typed.length > 100) return undefined;
  const ranked = words
    .map((word) => ({ word, distance: slips(typed.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.min(Math.max(2, typed.length / 3), word.length - 1))
    .sort((left, right) => left.distance - right.distance);
  return ranked[0]?.word;
}

/** Letters left out, added, changed, or swapped with their neighbour (optimal string alignment). */
function slips(left: string, right: string): number {
  let twoAgo: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      const change = at(previous, j - 1) + (same ? 0 : 1);
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const swap = isSwap ? at(twoAgo, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(at(previous, j) + 1, at(row, j - 1) + 1, change, swap));
    }
    twoAgo = previous;
    previous = row;
  }
  return at(previous, right.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
