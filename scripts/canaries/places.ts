import type { Needles } from './search-bytes.ts';
import { type SearchedFile, searchFolder } from './search-folder.ts';
import { type Hit, searchBytes } from './search-stream.ts';

/** A place where patient data could be in clear text. */
export interface Place {
  readonly name: string;
  search(needles: Needles): AsyncIterable<SearchedFile>;
}

/** The result of searching a place. */
export interface Finding {
  readonly place: string;
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly hits: readonly (Hit & { readonly file: string })[];
}

/** All files of a folder. @param skip relative paths that the search leaves out. */
export function folderPlace(name: string, folder: string, skip: readonly string[] = []): Place {
  return { name, search: (needles) => searchFolder(folder, needles, new Set(skip)) };
}

/** Texts that are not files, such as a dump or an answer. @param texts reads them, each with its name. */
export function textPlace(
  name: string,
  texts: () => AsyncIterable<{ name: string; bytes: Buffer }>,
): Place {
  return {
    name,
    async *search(needles) {
      for await (const text of texts()) {
        yield { file: text.name, ...(await searchBytes(text.bytes, needles)) };
      }
    },
  };
}

/** Searches a place. @throws {Error} the place cannot be read, so the search proves nothing. */
export async function searchPlace(place: Place, needles: Needles): Promise<Finding> {
  const since = performance.now();
  let files = 0;
  let bytes = 0;
  const hits: (Hit & { file: string })[] = [];
  for await (const searched of place.search(needles)) {
    files += 1;
    bytes += searched.bytes;
    hits.push(...searched.hits.map((hit) => ({ ...hit, file: searched.file })));
  }
  const seconds = (performance.now() - since) / 1_000;
  return { place: place.name, files, bytes, seconds, hits };
}
