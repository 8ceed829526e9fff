/* repl_complete.js - what may follow the text before the cursor: globals, services, members,
 * tables, columns, jobs, tenants.
 *
 * Nothing of the project's is called for it: only values that are there are looked into, and the
 * services that pinstripe itself brings.
 */
import { createDatabase, tenantNames } from 'pinstripe:database';
import { jobs } from 'pinstripe:registries';
import { openSession } from 'pinstripe:session';
import { Query } from 'pinstripe:query';
import { rootOfRun } from 'pinstripe:run';

const COMMANDS = ['.clear', '.exit', '.help', '.jobs', '.runs', '.tenant'];
const KEYWORDS = ['async', 'await', 'class', 'const', 'delete', 'false', 'for', 'function', 'if', 'import', 'let', 'new', 'null', 'return',
    'throw', 'true', 'try', 'typeof', 'undefined', 'while'];
const SERVICES = ['config', 'environment', 'inflector', 'initialParams', 'params', 'project', 'workspace'];
const JOB = /\b(?:(?:run|enqueue)BackgroundJobs?\(\s*(?:\{\s*name:\s*)?|BackgroundJob\.(?:for\(|run\([^,]*,\s*))['"`]([^'"`]*)$/;
const COLUMN = /\bdatabase\.(\w+)\b[^;\n]*(?:(?:where|insert|update)\(\s*(?:\[\s*)?\{(?:[^{}]*,)?\s*|orderBy\(\s*['"])([\w$]*)$/;
const TABLE = /\bdatabase\.([\w$]*)$/;
const QUERY = /\bdatabase\.(\w+)(?:\.\w+(?:\((?:[^()]|\([^()]*\))*\))?)*\.([\w$]*)$/;
const MEMBER = /((?:^|[^\w$.)\]])(?:[A-Za-z_$][\w$]*))((?:\??\.[A-Za-z_$][\w$]*)*)\.([\w$]*)$/;
const NAME = /(?:^|[^\w$.])([A-Za-z_$][\w$]*)$/;

/* The length of what is replaced in bytes, then the candidates, one a line. */
export async function complete(text){
    const [prefix, candidates] = await find(text);
    const names = [...new Set(candidates)].filter(name => name.startsWith(prefix) && !name.includes('\n')).sort();
    return [new TextEncoder().encode(prefix).length, ...names].join('\n');
}

async function find(text){
    let found;
    if((found = /^\s*\.tenant\s+(.*)$/.exec(text))) return [found[1], await tenantNames()];
    if((found = /^\s*(\.\w*)$/.exec(text))) return [found[1], COMMANDS];
    if((found = JOB.exec(text))) return [found[1], jobs.sorted.map(({ name }) => name)];
    if((found = COLUMN.exec(text))) return [found[2], columnsOf(found[1])];
    if((found = TABLE.exec(text))) return [found[1], [...session().tableNames, ...membersOf(createDatabase(rootOfRun()))]];
    if((found = QUERY.exec(text))) return [found[2], membersOfTable(found[1])];
    if((found = MEMBER.exec(text))) return [found[3], membersOf(valueOf(found[1], found[2]))];
    if((found = NAME.exec(text))) return [found[1], [...membersOf(globalThis), ...KEYWORDS]];
    return ['', []];
}

function session(){
    return openSession(rootOfRun());
}

function columnsOf(table){
    return Object.keys(session().table(table)?.columns ?? {});
}

function membersOfTable(name){
    const table = session().table(name);
    return table ? [...membersOf(table.model.Query?.prototype ?? Query.prototype), ...Object.keys(table.model.relations ?? {})] : [];
}

/* Names that can be written after a dot. */
function membersOf(value){
    const names = [];
    for(let object = value; object !== null && object !== undefined && typeof object != 'string'; object = Object.getPrototypeOf(object)){
        if(object === Object.prototype && value !== globalThis && names.length) break;
        names.push(...Object.getOwnPropertyNames(object).filter(name => /^[A-Za-z$][\w$]*$/.test(name)));
        if(typeof object != 'object' && typeof object != 'function') break;
    }
    return names.filter(name => name != 'constructor');
}

/* The value of a path of names, as far as no getter is in the way. */
function valueOf(first, path){
    const name = /[A-Za-z_$][\w$]*$/.exec(first)[0];
    let value = SERVICES.includes(name) ? globalThis[name] : ownValue(globalThis, name);
    for(const key of path.split(/\??\./).slice(1)) value = ownValue(value, key);
    return value;
}

function ownValue(object, key){
    for(; object !== null && (typeof object == 'object' || typeof object == 'function'); object = Object.getPrototypeOf(object)){
        const descriptor = Object.getOwnPropertyDescriptor(object, key);
        if(descriptor) return descriptor.value;
    }
    return undefined;
}
