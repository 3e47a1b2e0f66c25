/* Real files, as small as their formats allow: an image of 2 by 2 pixels, and a page without content. */

const PDF = `%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>> endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000056 00000 n\x20
0000000111 00000 n\x20
trailer <</Size 4 /Root 1 0 R>>
startxref
176
%%EOF
`;

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNsYGBiYAAAApIAhPd8o1gAAAAASUVORK5CYII=';
const JPEG =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAACAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z';
const TIFF =
  'SUkqAAgAAAAJAAABBAABAAAAAgAAAAEBBAABAAAAAgAAAAIBAwABAAAACAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAAABEBBAABAAAAegAAABYBBAABAAAAAgAAABcBBAABAAAABAAAABwBAwABAAAAAQAAAAAAAACAgICA';
const BIG_TIFF =
  'SUkrAAgAAAAQAAAAAAAAAAkAAAAAAAAAAAEEAAEAAAAAAAAAAgAAAAAAAAABAQQAAQAAAAAAAAACAAAAAAAAAAIBAwABAAAAAAAAAAgAAAAAAAAAAwEDAAEAAAAAAAAAAQAAAAAAAAAGAQMAAQAAAAAAAAABAAAAAAAAABEBBAABAAAAAAAAANQAAAAAAAAAFgEEAAEAAAAAAAAAAgAAAAAAAAAXAQQAAQAAAAAAAAAEAAAAAAAAABwBAwABAAAAAAAAAAEAAAAAAAAAAAAAAAAAAACAgICA';

/** A TIFF whose directory follows its pixels, as most writers make it, with big-endian numbers. */
function tiffWithLastDirectory(): Buffer {
  const entries = [
    [256, 4, 2],
    [257, 4, 2],
    [258, 3, 8],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, 2],
    [279, 4, 4],
  ] as const;
  const file = Buffer.alloc(8 + 4 + 2 + 12 * entries.length + 4);
  file.write('MM\0*');
  file.writeUInt32BE(12, 4);
  file.fill(0x80, 8, 12);
  file.writeUInt16BE(entries.length, 12);
  for (const [index, [tag, type, value]] of entries.entries()) {
    const at = 14 + 12 * index;
    file.writeUInt16BE(tag, at);
    file.writeUInt16BE(type, at + 2);
    file.writeUInt32BE(1, at + 4);
    if (type === 3) file.writeUInt16BE(value, at + 8);
    else file.writeUInt32BE(value, at + 8);
  }
  return file;
}

/** A whole file, and the media type of its format. */
export const SAMPLES: readonly (readonly [name: string, type: string, bytes: Buffer])[] = [
  ['PDF', 'application/pdf', Buffer.from(PDF)],
  ['PNG', 'image/png', Buffer.from(PNG, 'base64')],
  ['JPEG', 'image/jpeg', Buffer.from(JPEG, 'base64')],
  ['TIFF', 'image/tiff', Buffer.from(TIFF, 'base64')],
  ['TIFF with its directory at the end', 'image/tiff', tiffWithLastDirectory()],
  ['BigTIFF', 'image/tiff', Buffer.from(BIG_TIFF, 'base64')],
];
