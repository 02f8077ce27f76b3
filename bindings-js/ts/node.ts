import { createApi } from "./api.js";
import { readPath } from "./node-files.js";

const shim = () => new URL("./shim/shim_bg.wasm", import.meta.url);
const tabular = () => new URL("./scorebox.wasm", import.meta.url);
const full = () => new URL("./scorebox-full.wasm", import.meta.url);
const files = { shim, tabular, full };
export const { load, loadModel, prepare } = createApi({ read: readPath, files, takesFull: true });
export * from "./public.js";
