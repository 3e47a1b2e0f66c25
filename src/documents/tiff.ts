/** The beginning and the end of a file. A small file is in both of them. */
export interface Edges {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** The size of the whole file, in bytes. */
  readonly size: number;
}

const MOST_PAGES = 1_000;

/** The tags of the positions and of the lengths of a page's strips, tiles, or old JPEG data. */
const LOCATIONS = [
  [273, 279],
  [324, 325],
  [513, 514],
] as const;

/** The integer types of these tags, with their sizes in bytes: SHORT, LONG, LONG8 and IFD8. */
const TYPE_BYTES: ReadonlyMap<number, number> = new Map([
  [3, 2],
  [4, 4],
  [16, 8],
  [18, 8],
]);

/** The sizes of the parts of a file, in bytes: TIFF 6.0, section 2, and the BigTIFF design. */
const CLASSIC = { first: 4, entryCount: 2, entry: 12, pointer: 4 };
const BIG = { first: 8, entryCount: 8, entry: 20, pointer: 8 };

/**
 * Whether everything that a TIFF refers to lies within it. The format has no end marker, but its
 * directories name the positions of its parts. Directories in the middle of a large file are not seen.
 */
export function isWholeTiff({ head, tail, size }: Edges): boolean {
  const isLittle = head[0] === 0x49;
  const parts = numberAt(2, 2) === 43 ? BIG : CLASSIC;
  let directory = numberAt(parts.first, parts.pointer);
  // Without a first directory there is no page.
  if (directory === undefined || directory === 0) return false;
  for (let page = 0; page < MOST_PAGES && directory !== 0; page += 1) {
    if (directory + parts.entryCount > size) return false;
    const entries = numberAt(directory, parts.entryCount);
    if (entries === undefined) return true;
    const end: number = directory + parts.entryCount + entries * parts.entry;
    if (end + parts.pointer > size || !isWholePage(directory + parts.entryCount, entries)) {
      return false;
    }
    directory = numberAt(end, parts.pointer);
    if (directory === undefined) return true;
  }
  return true;

  function isWholePage(first: number, entries: number): boolean {
    const fields = new Map<number, readonly number[]>();
    for (let position = first, read = 0; read < entries; position += parts.entry, read += 1) {
      const tag = numberAt(position, 2);
      // The rest of the directory is not seen.
      if (tag === undefined) break;
      if (!LOCATIONS.flat().some((each) => each === tag)) continue;
      const values = valuesAt(position);
      if (values === 'outside') return false;
      if (values !== undefined) fields.set(tag, values);
    }
    return LOCATIONS.every(([positions, lengths]) =>
      (fields.get(positions) ?? []).every(
        (position, index) => position + (fields.get(lengths)?.[index] ?? 0) <= size,
      ),
    );
  }

  /** The values of a directory's entry; undefined if they cannot be seen. */
  function valuesAt(entry: number): readonly number[] | 'outside' | undefined {
    const bytes = TYPE_BYTES.get(numberAt(entry + 2, 2) ?? 0);
    const count = numberAt(entry + 4, parts.pointer);
    if (bytes === undefined || count === undefined) return undefined;
    const inline = entry + 4 + parts.pointer;
    const start = count * bytes <= parts.pointer ? inline : numberAt(inline, parts.pointer);
    if (start === undefined) return undefined;
    if (start + count * bytes > size) return 'outside';
    const values: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const value = numberAt(start + index * bytes, bytes);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  function numberAt(position: number, bytes: number): number | undefined {
    const tailStart = size - tail.length;
    const inTail = position >= tailStart;
    const [edge, at] = inTail ? [tail, position - tailStart] : [head, position];
    if (at + bytes > edge.length) return undefined;
    const view = new DataView(edge.buffer, edge.byteOffset + at, bytes);
    if (bytes === 2) return view.getUint16(0, isLittle);
    if (bytes === 4) return view.getUint32(0, isLittle);
    return Number(view.getBigUint64(0, isLittle));
  }
}
