import { FleetError } from '@edgewise/protocol';
import type { Runtime, Session } from './runtime.ts';

/**
 * The same runtime for one of several models: what fails to load or to run there begins with `name`.
 * Whoever called it off needs no name.
 */
export function namedRuntime(runtime: Runtime, name: string): Runtime {
  const naming = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      const { code, reason, detail } = FleetError.from(thrown);
      if (code === 'canceled') throw thrown;
      throw new FleetError(code, `${name}: ${reason}`, { cause: thrown, detail });
    }
  };
  return {
    name: runtime.name,
    build: runtime.build,
    async load(model, options): Promise<Session> {
      const session = await naming(runtime.load(model, options));
      return {
        inputs: session.inputs,
        outputs: session.outputs,
        run: (feeds, more) => naming(session.run(feeds, more)),
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}
