import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '@edgewise/protocol';

/** Reads a file, or makes it with what `create` gives: durable, whole, readable by its owner only. */
export async function keepFile(
  folder: string,
  name: string,
  create: () => string,
): Promise<string> {
  const file = path.join(folder, name);
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    const error = FleetError.from(thrown);
    if (error.code !== 'not-found') throw error;
  }
  const text = create();
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = `${file}.part`;
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (thrown) {
    throw FleetError.from(thrown);
  }
  return text;
}
