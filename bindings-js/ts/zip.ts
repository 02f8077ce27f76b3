/** A zip archive with stored entries: how a folder is sent to the module (APPNOTE 6.3.10, 4.3 and 4.4). */

/** One file of an archive; the name has forward slashes. */
export interface ZipFile {
  name: string;
  data: Uint8Array;
}

/** 1 January 1980, the earliest date that the format has: the archive depends on its files alone. */
const DATE = 0x21;
const UTF8 = 0x800;

/** The archive of these files, in their order. */
export function storedZip(files: readonly ZipFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data } of files) {
    const encoded = new TextEncoder().encode(name);
    const common = [20, UTF8, 0, 0, DATE];
    const sizes = [crc32(data), data.length, data.length];
    const local = record(0x04034b50, common, sizes, [encoded.length, 0], []);
    parts.push(local, encoded, data);
    const entry = record(
      0x02014b50,
      [20, ...common],
      sizes,
      [encoded.length, 0, 0, 0, 0],
      [0, offset],
    );
    directory.push(entry, encoded);
    offset += local.length + encoded.length + data.length;
  }
  const directoryBytes = directory.reduce((sum, part) => sum + part.length, 0);
  const counts = [0, 0, files.length, files.length];
  parts.push(...directory, record(0x06054b50, counts, [directoryBytes, offset], [0], []));
  return joined(parts);
}

/** A signature, 16-bit fields, 32-bit fields, then the same again. */
function record(signature: number, ...groups: number[][]): Uint8Array {
  const size =
    4 + groups.reduce((sum, group, at) => sum + group.length * (at % 2 === 0 ? 2 : 4), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  groups.forEach((group, index) => {
    for (const field of group) {
      if (index % 2 === 0) view.setUint16(at, field, true);
      else view.setUint32(at, field, true);
      at += index % 2 === 0 ? 2 : 4;
    }
  });
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
