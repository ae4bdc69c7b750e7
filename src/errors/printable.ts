/**
 * Text from a cluster, an agent or a file, made safe to show: control characters, line separators and the marks that
 * reverse the direction of text are shown as escapes, and what is longer than `maximum` characters is cut.
 */
export function printable(text: string, maximum = 2000): string {
  const cut = text.length > maximum ? `${text.slice(0, maximum)}…` : text;
  return cut.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
