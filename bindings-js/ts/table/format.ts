/** The layout of a table (`wasm/ABI.md`): header, entries, aligned blocks of data. */

export const MAGIC = 0x54584253; // "SBXT", little-endian
export const FORMAT = 1;
export const HEADER_BYTES = 32;
export const ENTRY_BYTES = 64;
export const ALIGNMENT = 16;
export const MAX_RANK = 8;

/** What an entry is. */
export const Kind = {
  tensor: 0,
  zipmap: 1,
  keys: 2,
  sequence: 3,
  none: 4,
  some: 5,
  map: 6,
} as const;

/** Arrays that hold one element after the other as the module does. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** Element types by the names that JavaScript has for them, numbered as ONNX numbers them. */
export const DTYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

/** The name of an element type. */
export type ElementType = keyof typeof DTYPES;

const NAMES = new Map<number, ElementType>(
  Object.entries(DTYPES).map(([name, number]) => [number, name as ElementType]),
);

/** The element type with this number. */
export function elementType(number: number): ElementType | undefined {
  return NAMES.get(number);
}

/** The element type of a typed array. */
export function typeOfArray(array: TypedArray): ElementType {
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof BigInt64Array) return "int64";
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return "uint8";
  if (array instanceof Int8Array) return "int8";
  if (array instanceof Uint16Array) return "uint16";
  if (array instanceof Int16Array) return "int16";
  if (array instanceof Uint32Array) return "uint32";
  return "uint64";
}

/** One entry, its data already bytes. */
export interface Entry {
  name: string;
  kind: number;
  type: ElementType;
  dims: readonly number[];
  /** Bit `i % 8` of byte `i / 8` is 1 where element `i` is present; absent where all are. */
  validity?: Uint8Array | undefined;
  data: Uint8Array;
  /** Positions of texts in the data, one more than there are texts. */
  text?: Uint32Array | undefined;
}

/** The next multiple of the alignment. */
export function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
