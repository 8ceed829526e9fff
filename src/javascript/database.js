/* database.js - what `this.database` is: the tables of the project as one workspace sees them.
 *
 * A name that is no member here is a table, looked up when it is asked for; so making a database object
 * costs next to nothing, and a job that never uses one opens no file.
 */
import 'pinstripe:model'; /* before query: the modules refer to each other */
import * as native from 'pinstripe:native/database';
import { applyMigrations } from 'pinstripe:migration';
import { chooseScope, namedByPerson, pageOfTenants, tenantRow, whyNotFor, zonesOfTenants } from 'pinstripe:tenant';
import { rootOfRun } from 'pinstripe:run';
import { openSession } from 'pinstripe:session';
import { defer } from 'pinstripe:defer';
import { modelOf, singletonNames, singletonRow } from 'pinstripe:model';
import { config } from 'pinstripe:config';
import { pluralize } from 'pinstripe:native/inflector';
import { startQuery } from 'pinstripe:query';
import { tableTypes } from 'pinstripe:table_types';
import { workspaceOf } from 'pinstripe:workspace';

const TYPES_LENGTH_MAX = 2 ** 20;

export { keepBrokenModels, Model, ValidationError } from 'pinstripe:model';

/* What the service `database` gives. */
export function createDatabase(context){
    return new Database(context, openSession(context));
}

/* The session behind a database object. */
export function sessionOf(database){
    return Database.session(database);
}

/* { number, scope } for one call of C, or a promise of it: a project's own tenant() may take its time. */
export function accessOf(database){
    const { number } = Database.session(database);
    const scope = Database.scope(database);
    return scope instanceof Promise ? scope.then(scope => ({ number, scope })) : { number, scope };
}

class Database {
    #context;
    #session;
    #fixedScope; /* () => scope, unless the workspace chooses it */
    #chosen;     /* the scope: made once, and again when the header was changed */
    #chosenFor;

    constructor(context, session, fixedScope){
        this.#context = context;
        this.#session = session;
        this.#fixedScope = fixedScope;
    }

    static session(database){ return database.#session; }
    static scope(database){ return database.#scope(); }

    #scope(){
        if(this.#fixedScope) return this.#fixedScope();
        const { tenantId } = this.#context.root;
        if(this.#chosen === undefined || this.#chosenFor !== tenantId){
            this.#chosen = chooseScope(this.#context, this, this.#session);
            this.#chosenFor = tenantId;
        }
        return this.#chosen;
    }

    get context(){ return this.#context; }
    get workspace(){ return workspaceOf(this.#context); }

    /* Awaits to the row, or to undefined. */
    get tenant(){
        return defer(async () => tenantRow(await this.#scope(), this, this.#session));
    }

    /* The rows of all tenants. */
    get withoutTenantScope(){
        return new Database(this.#context, this.#session, () => true);
    }

    /* The rows of one tenant, unless this database is another one's. */
    inTenant(id){
        return new Database(this.#context, this.#session, () => {
            const scope = this.#scope();
            return scope instanceof Promise ? scope.then(scope => confined(scope, id)) : confined(scope, id);
        });
    }

    /* A query on the table, which need not be there yet. fn, if any, is called with it, and its value given. */
    table(name, fn){
        const query = startQuery(this, `${name}`, modelOf(`${name}`));
        return fn ? fn.call(query, query) : query;
    }

    /* Awaits to the row of a singleton model. */
    singleton(name){
        return defer(async () => singletonRow(this, name, await this.#scope() !== true));
    }

    get info(){
        const tables = this.#session.tableNames.map(name => [name, 'table']);
        return Object.fromEntries([...tables, ...singletonNames().map(name => [name, 'singleton'])]);
    }

    isScoped(name){
        return Boolean(this.#session.table(name)?.scoped);
    }

    /* A statement of the project's own: run(text, ...values) or run([text, ...values]). Plain objects. */
    async run(statement, ...values){
        const [text, ...bound] = Array.isArray(statement) ? statement : [statement, ...values];
        if(typeof text != 'string') throw new TypeError('database.run(sql, ...values) needs an SQL text');
        const access = accessOf(this);
        const { number, scope } = access instanceof Promise ? await access : access;
        try {
            return native.run(number, scope, text, bound);
        } finally {
            this.#session.forgetTables();
        }
    }

    /* fn's value; everything or nothing of what it writes. */
    async transaction(fn){
        return this.#session.transaction(() => fn.call(this, this));
    }

    /* One at a time over all processes: on SQLite that is a transaction. */
    async lock(fn){
        return this.transaction(fn);
    }

    /* The names of the migrations that were applied now. */
    async migrate(){
        return applyMigrations(this.withoutTenantScope, this.#session);
    }

    async drop(){
        this.#session.drop();
    }

    /* Reads the schema again. */
    async reset(){
        this.#session.forgetTables();
    }

    async getUnixTimestamp(){
        return Math.floor(Date.now() / 1000);
    }

    async ping(){
        native.check(this.#session.number);
        return true;
    }

    [Symbol.for('pinstripe.inspect')](){
        return `database { ${this.#session.tableNames.join(', ')} }`;
    }
}

function confined(scope, id){
    if(scope !== true && scope !== id) throw new Error('The rows of another tenant are not to be seen in a tenant\'s workspace: get the tenant from database.withoutTenantScope.tenants, or use its runInNewWorkspace(fn).');
    return id;
}

/* Behind the members: the tables. */
Object.setPrototypeOf(Database.prototype, new Proxy(Object.prototype, {
    get(target, name, database){
        if(typeof name == 'symbol' || name in target || name == 'then' || name == 'toJSON') return Reflect.get(target, name, database);
        if(!(database instanceof Database)) return undefined;
        const session = sessionOf(database);
        if(session.table(name)) return startQuery(database, name, modelOf(name));
        return singletonNames().includes(name) ? database.singleton(name) : noSuchTable(name, session);
    },
}));

/* Awaits to undefined; whatever is called on it rejects. */
function noSuchTable(name, session){
    const refusing = defer(() => {
        throw new Error(`No such table "${name}" exists; the database has ${session.tableNames.join(', ') || 'no table'}.`);
    });
    return new Proxy(defer(() => undefined), {
        get(target, key){
            return key == 'then' || key == 'catch' || key == 'finally' ? target[key] : refusing[key];
        },
    });
}

/* Whether any session of the run holds a transaction open. */
export const inTransaction = native.inTransaction;

/* What the executor asks for: see PIN_TASK_TENANTS and PIN_TASK_MIGRATE in workspace/workspace.h. */
export async function tenantZones(){
    return zonesOfTenants(createDatabase(rootOfRun()).withoutTenantScope);
}

/* Why a job does not run for a tenant; undefined when it does. */
export async function reasonAgainst({ name, tenantsFilter }, id){
    return whyNotFor(createDatabase(rootOfRun()).withoutTenantScope, id, name, tenantsFilter);
}

/* For a REPL: the tenant that a person names, and all of them that have a name. */
export async function tenantOfPerson(text){
    return namedByPerson(createDatabase(rootOfRun()).withoutTenantScope, text);
}

export async function tenantNames(){
    const rows = await createDatabase(rootOfRun()).withoutTenantScope.table('tenants').limit(1000).all();
    return rows.map(({ id, name }) => name ?? id);
}

export async function tenantPage(task, filter){
    return pageOfTenants(createDatabase(rootOfRun()).withoutTenantScope, task, filter);
}

/* `types`: types/database.d.ts, for a project that has type declarations. */
export async function migrate(){
    const database = createDatabase(rootOfRun());
    const applied = await database.migrate();
    return { applied, types: typesOf(sessionOf(database)) };
}

/* Undefined when it cannot be told, as with a broken model: what was migrated stays migrated. */
function typesOf(session){
    try {
        const singletons = singletonNames().map(name => [name, pluralize(name)]);
        const text = tableTypes(session.tableNames.map(name => session.table(name)), singletons, config.multiTenant);
        return text.length > TYPES_LENGTH_MAX ? undefined : text;
    } catch {
        return undefined;
    }
}
