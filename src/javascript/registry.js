/* registry.js - what a project's files define: one registry for each folder of lib/.
 *
 * A file's default export is an object (or a function or class, which gives a name and nothing
 * else). It becomes a class: the object's own properties except meta() are copied to the prototype,
 * getters and setters as they are, and then meta() runs once with `this` being the class. A failure
 * belongs to the file: it is kept with its place, and the rest of the project is not touched.
 */
import { copyMembers } from 'pinstripe:native/registry';

export class Registry {
    #entries = new Map();

    /* { name, file, isNative (a job in C), definition, Class, instance, broken: null | { message, file, line } }, in the
     * order in which the files came. */
    get entries(){ return [...this.#entries.values()]; }
    get sorted(){ return [...this.#entries.keys()].sort().map(name => this.#entries.get(name)); }
    get names(){ return this.entries.filter(({ broken }) => !broken).map(({ name }) => name); }
    get problems(){ return this.entries.map(({ broken }) => broken).filter(Boolean); }
    get(name){ return this.#entries.get(name); }

    /* `key` is null when no name can be made of the path: the entry then goes by the path. A second
     * file of one name changes nothing: both are broken, and the first's sentence names both. */
    add({ key, path, native = null }, definition, broken = null){
        const name = key ?? path;
        if(this.#entries.has(name)) return;
        this.#entries.set(name, { name, file: path, isNative: native !== null, definition, broken, Class: undefined, instance: undefined });
    }

    /* Makes the classes of all entries that are whole, from `Base`, whose static meta methods
     * (`this` in meta()) they inherit; and, when there is a context, the instance of each for it. */
    makeClasses(Base, context){
        for(const entry of this.#entries.values()){
            if(entry.broken) continue;
            try {
                entry.Class = makeClass(Base, entry, this);
                if(context) entry.instance = new entry.Class(context);
            } catch(error){
                entry.broken = whereBroken(error, entry.file, firstLine(entry.definition));
            }
        }
    }
}

let under; /* the class under way: { registry, included: definitions that it has already } */

function makeClass(Base, { name, definition }, registry){
    const { [name]: Class } = { [name]: class extends Base {} }; /* which names it */
    under = { registry, included: [definition] };
    Base.prepareClass?.(Class);
    if(typeof definition == 'object') mixIn(Class, definition);
    Base.completeClass?.(Class);
    return Class;
}

/* What comes later replaces what is there: what meta() includes goes before the file's own. */
function mixIn(Class, definition){
    copyMembers(Class.prototype, definition);
    if(typeof definition.meta == 'function') refusePromise(definition.meta.call(Class));
}

function refusePromise(result){
    if(!(result instanceof Promise)) return;
    result.catch(() => {});
    throw new Error('meta() must not be async: it ends before the project is loaded.');
}

/* What every class of a registry offers in meta(); each returns the class. Mixed into the bases. */
export const metaMethods = {
    include(...mixins){
        const { registry, included } = under;
        for(const mixin of mixins){
            const definition = typeof mixin == 'string' ? registry.get(mixin)?.definition : mixin;
            if(!definition) throw new Error(`Named include '${String(mixin)}' does not exist.`);
            if(included.includes(definition)) continue;
            included.push(definition);
            if(typeof definition == 'object') mixIn(this, definition);
        }
        return this;
    },

    assignProps(props){
        Object.defineProperties(this, Object.getOwnPropertyDescriptors(props));
        return this;
    },

    /* hook: a function called with the instance as `this`, or the name of a method. */
    addHook(name, hook){
        if(typeof hook != 'function' && typeof hook != 'string'){
            throw new TypeError(`addHook('${name}', ...) needs a function or the name of a method`);
        }
        if(!Object.hasOwn(this, 'hooks')) this.hooks = {};
        (this.hooks[name] ??= []).push(hook);
        return this;
    },

    annotate(annotations){
        this.annotations = { ...this.annotations, ...annotations };
        return this;
    },
};

/* Where the first function of an exported object stands: for what is wrong with the whole of it. */
function firstLine(definition){
    const properties = Object.values(Object.getOwnPropertyDescriptors(definition));
    const lines = properties.flatMap(({ value, get, set }) => [value, get, set])
        .map(f => typeof f == 'function' ? f.lineNumber : undefined)
        .filter(Number.isInteger);
    return lines.length ? Math.min(...lines) : 1;
}

/* { message, file, line } of an error: the innermost line of its stack inside `file`, else the
 * innermost inside the project, else `line`. */
export function whereBroken(error, file, line = null){
    const message = error instanceof Error ? errorText(error) : `${show(error)} was thrown`;
    const places = stackPlaces(error);
    const isOurs = at => at.file.startsWith('lib/');
    const place = places.find(at => at.file == file) ?? places.find(isOurs);
    return { message, file: place?.file ?? file, line: place?.line ?? line };
}

function errorText({ name, message }){
    return name == 'Error' ? message : `${name}: ${message}`;
}

function stackPlaces(error){
    const lines = typeof error?.stack == 'string' ? error.stack.split('\n') : [];
    return lines.flatMap(line => {
        const match = /(?:^|[\s(])([^\s()]+?):(\d+)(?::\d+)?\)?\s*$/.exec(line);
        return match ? [{ file: match[1], line: Number(match[2]) }] : [];
    });
}

function show(value){
    return typeof value == 'string' ? JSON.stringify(value) : String(value);
}
