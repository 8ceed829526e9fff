/* repl.js - lines of a person, evaluated in one workspace that lasts.
 *
 * Every service is a global, made at each use as everywhere. A line's value is awaited, except a
 * query, which is shown with its statement and its first rows. What a person sees is made here, as
 * text; the program only prints it.
 */
import { evaluate, listen, reply } from 'pinstripe:native/dialog';
import { complete } from 'pinstripe:repl_complete';
import { config } from 'pinstripe:config';
import { abandonTransactions, renewSession } from 'pinstripe:session';
import { inspect } from 'pinstripe:inspect';
import { EXPORTS, prepare, prepareWhole } from 'pinstripe:repl_source';
import { Query } from 'pinstripe:query';
import { beginDialog } from 'pinstripe:run';
import { ServiceConsumer } from 'pinstripe:service';
import { tenantOfPerson } from 'pinstripe:database';
import { workspaceOf } from 'pinstripe:workspace';

const EVALUATE = 0, WHOLE = 1, COMPLETE = 2, TENANT = 3, END = 4; /* enum pin_line_kind */
const DONE = 0, FAILED = 1, INCOMPLETE = 2, STOPPED = 3; /* enum pin_reply_kind */
const ROWS_SHOWN = 10;
const FRAMES_SHOWN = 10;
const TEXT_MAX = 2 ** 20;
const TENANT_HEADER = 'x-tenant-id';

/* options: { colors, width }. A promise that settles when the person leaves. */
export function startRepl(root, options = {}){
    return new Promise(leave => {
        const repl = new Repl(root, options, leave);
        beginDialog();
        defineGlobals(workspaceOf(root));
        listen((number, kind, text) => repl.line(number, kind, text), reason => repl.stopped(reason), error => repl.uncaught(error));
    });
}

/* Assigning to one replaces it, for this session. */
function defineGlobals(workspace){
    for(const name of Object.getOwnPropertyNames(ServiceConsumer.prototype)){
        if(name == 'constructor') continue;
        Object.defineProperty(globalThis, name, {
            configurable: true,
            get: () => workspace[name],
            set: value => defineGlobal(name, value),
        });
    }
    defineGlobal(EXPORTS, exportsOf);
}

function defineGlobal(name, value){
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/* What an import statement does before anything is evaluated. */
function exportsOf(module, from, names){
    const missing = names.find(name => !(name in module));
    if(missing !== undefined) throw new SyntaxError(`The module '${from}' has no export named '${missing}'; it has ${Object.keys(module).join(', ') || 'none'}.`);
    return module;
}

class Repl {
    #root;
    #options;
    #leave;
    #number = 0; /* of the line in hand */
    #count = 0;

    constructor(root, { colors = false, width = 80 }, leave){
        this.#root = root;
        this.#options = { colors, breakLength: width };
        this.#leave = leave;
    }

    line(number, kind, text){
        this.#number = number;
        const done = (text = '') => reply(number, DONE, this.#forTerminal(text));
        const failed = error => reply(number, FAILED, this.#errorText(error));
        if(kind == END) return this.#leave();
        if(kind == COMPLETE) return complete(text).then(names => reply(number, DONE, names), () => done());
        if(kind == TENANT) return this.#enter(text).then(done, ({ message }) => reply(number, FAILED, message));
        const { incomplete, script } = kind == WHOLE ? { script: prepareWhole(text) } : prepare(text);
        if(incomplete) return reply(number, INCOMPLETE, '');
        return this.#evaluate(script).then(value => this.#shown(value)).then(done, failed);
    }

    async #evaluate(script){
        renewSession();
        this.#count++;
        const { value } = await this.#begin(script, `REPL${this.#count}`);
        return value instanceof Query ? value : await value;
    }

    /* What begins with a brace is an object, if it can be one. */
    #begin(script, name){
        if(/^\s*\{/.test(script) && !/;\s*$/.test(script)){
            try {
                return evaluate(`(${script}\n)`, name);
            } catch(error){
                if(!(error instanceof SyntaxError)) throw error;
            }
        }
        return evaluate(script, name);
    }

    async #shown(value){
        if(value === undefined) return '';
        defineGlobal('_', value);
        return value instanceof Query ? this.#queryText(value) : inspect(value, this.#options);
    }

    async #queryText(query){
        const [text, ...values] = await query.toSql();
        const rows = await query.limit(Math.min(query.rowLimit ?? Infinity, ROWS_SHOWN + 1)).all();
        const more = rows.length > ROWS_SHOWN ? '\n... more rows' : '';
        const bound = values.length ? ` ${inspect(values, { ...this.#options, breakLength: Infinity })}` : '';
        return `${text}${bound}\n${inspect(rows.slice(0, ROWS_SHOWN), this.#options)}${more}`;
    }

    #errorText(error){
        const text = withShortStack(inspect(error, this.#options));
        const plain = error instanceof Error ? text.replace(/^\[([^]*?)\]( \{\n[^]*)?$/, '$1$2') : text; /* it has no stack */
        return this.#forTerminal(`Uncaught ${plain}`);
    }

    /* Our own colours are all that a terminal obeys, whatever an error's message holds. */
    #forTerminal(text){
        const { colors } = this.#options;
        const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}... ${text.length - TEXT_MAX} more characters` : text;
        return shown.toWellFormed().replace(/(\x1b\[\d{1,2}m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (character, color) =>
            color && colors ? color : [...character].map(one => one < ' ' || one > '~' ? `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}` : one).join(''));
    }

    stopped(reason){
        abandonTransactions();
        if(reason === undefined) reply(this.#number, STOPPED, '');
        else reply(this.#number, FAILED, `Uncaught Error: ${reason}`);
    }

    /* Of something that an earlier line began and did not await. */
    uncaught(error){
        reply(0, FAILED, this.#errorText(error));
    }

    /* The name of the tenant; nothing for none. */
    async #enter(text){
        if(!config.multiTenant) throw new Error('This project has no tenants: set multiTenant: true in pinstripe.config.js to make it multi-tenant.');
        const { _headers: headers } = this.#root.params;
        if(text == ''){
            delete headers[TENANT_HEADER];
            return '';
        }
        const { id, name } = await tenantOfPerson(text);
        headers[TENANT_HEADER] = id;
        return name ?? id;
    }
}

/* Where our own code stands in between is of no use to who typed the line, and a stack that
 * overflowed is the same line thousands of times. What follows a stack in braces begins on its last
 * line. */
function withShortStack(text){
    const lines = [];
    let frames = 0, left = 0;
    for(const line of text.split('\n')){
        const isFrame = /^\s+at /.test(line), isOurs = isFrame && /pinstripe:[\w/]+[:)]/.test(line);
        frames = isFrame ? frames + !isOurs : 0;
        if(!isFrame && left) lines.push(`    ... ${left} more`);
        if(!isFrame) left = 0;
        if(isFrame && !isOurs && frames > FRAMES_SHOWN) left++;
        else if(!isOurs) lines.push(line);
        else if(line.endsWith(' {')) lines.push(`${lines.pop()} {`);
    }
    return [...lines, ...left ? [`    ... ${left} more`] : []].join('\n');
}
