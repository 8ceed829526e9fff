/* query.js - a query on one table: a value that says which rows are meant, and does something with them when
 * asked.
 *
 * What narrows or orders gives a new query. The clauses are plain data that C reads when the query is
 * carried out (database_queries.c has the other half of the ops); a query holds no connection.
 */
import * as native from 'pinstripe:native/database';
import { accessOf, sessionOf } from 'pinstripe:database';
import { hasHooks, hasSetter, insertRow } from 'pinstripe:row';

const WHERE = 0, TEXT = 1, WHERE_IN = 2, ORDER = 3; /* enum op_kind */
const SUFFIX = /(?:Ne|Lt|Gt|Le|Ge|BeginsWith|EndsWith|Contains)$/;
const BATCH_ROWS = 256;

export class Query {
    #database;
    #described; /* { table, ops, limit, offset }: what C reads */
    #preset;    /* fields of whatever is inserted through it: the key of a relation */
    #trace;     /* { latest } while a function is to say what it makes of this query */

    constructor(database, described, preset, trace){
        this.#database = database;
        this.#described = described;
        this.#preset = preset;
        this.#trace = trace;
    }

    #with(described, trace){
        const query = new this.constructor(this.#database, described, this.#preset, trace);
        if(trace) trace.latest = query;
        return query;
    }

    #derive(changes, trace = this.#trace){
        return this.#with({ ...this.#described, ...changes }, trace);
    }

    #add(op){
        const { table, ops, limit, offset } = this.#described;
        return this.#with({ table, ops: [...ops, op], limit, offset }, this.#trace);
    }

    /* Throws when there is no such table (database.table() takes any name). */
    get #table(){
        const { table: name } = this.#described;
        const session = sessionOf(this.#database);
        const table = session.table(name);
        if(!table) throw new Error(`No such table "${name}" exists; the database has ${listed(session.tableNames)}.`);
        return table;
    }

    get database(){ return this.#database; }
    get name(){ return this.#described.table; }

    /* --- which rows --- */

    where(condition, ...params){
        if(typeof condition == 'string') return this.#add([TEXT, condition, params]);
        if(Array.isArray(condition) && typeof condition[0] == 'string') return this.#add([TEXT, condition[0], condition.slice(1)]);
        if(!isPlain(condition)) throw invalidArgument();
        const table = this.#table;
        let query = this;
        for(const key of Object.keys(condition)) query = query.#whereKey(table, key, condition[key]);
        return query;
    }

    #whereKey(table, key, value){
        const { columns, model: { scopes, relations } } = table;
        if(Array.isArray(value) && value.length == 0) throw invalidArgument();
        if(key in columns) return this.#add([WHERE, key, value]);
        if(Object.hasOwn(scopes, key)) return this.#applied(scopes[key], value);
        if(Object.hasOwn(relations, key)) return this.#related(relations[key], value);
        if(key.replace(SUFFIX, '') in columns) return this.#add([WHERE, key, value]);
        throw new Error(`No such scope "${key}" exists for "${table.name}". ${whatThereIs(table)}`);
    }

    /* Rows for which there is a related one that `condition` holds for. */
    #related({ through, fromKey, toKey, collectionName }, condition){
        if(through) return this.where(through.reduceRight((inner, name) => ({ [name]: inner }), condition ?? {}));
        const others = this.#database.table(collectionName).where(condition ?? {});
        return this.#add([WHERE_IN, fromKey, others.#described, toKey]);
    }

    /* What fn makes of this query: what it returns or, as in the original, what it last called on `this`. */
    #applied(fn, ...args){
        const trace = { latest: this };
        const result = fn.apply(this.#derive({}, trace), args);
        const query = result instanceof Query ? result : trace.latest;
        return query.#derive({}, this.#trace ?? null);
    }

    orderBy(column, direction = 'asc'){
        const table = this.#table;
        if(!(column in table.columns)) throw new Error(`orderBy: "${table.name}" has no column "${column}". ${whatThereIs(table)}`);
        return this.#add([ORDER, column, `${direction}`.toLowerCase() != 'asc']);
    }

    limit(rows){
        return this.#derive({ limit: wholeNumber('limit', rows) });
    }

    offset(rows){
        return this.#derive({ offset: wholeNumber('offset', rows) });
    }

    paginate(page = 1, pageSize = 10, skip = 0){
        const size = Math.max(1, wholeNumber('paginate', pageSize));
        const before = (Math.max(1, wholeNumber('paginate', page)) - 1) * size;
        return this.#derive({ limit: size, offset: before + wholeNumber('paginate', skip) });
    }

    withoutPagination(){
        return this.#derive({ limit: undefined, offset: undefined });
    }

    clone(){
        return this.#derive({});
    }

    tap(fn){
        return this.#applied(function(){ return fn.call(this, this); });
    }

    /* The rows of another table whose `toKey` is the `fromKey` of a row of this query. */
    join(fromKey, collection, toKey){
        const query = this.#database.table(typeof collection == 'string' ? collection : collection.name);
        return query.#derive({ ops: [...query.#described.ops, [WHERE_IN, toKey, this.#described, fromKey]] });
    }

    /* --- reading --- */

    async all(){
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        const table = this.#table;
        return native.select(number, scope, this.#described, table.prototype, { database: this.#database, table });
    }

    async first(){
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        const table = this.#table;
        return native.first(number, scope, this.#described, table.prototype, { database: this.#database, table });
    }

    async count(){
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        return native.count(number, scope, this.#described);
    }

    /* A page of rows after the one that `key` names: { rows, key }, key undefined when there are no more. */
    async page(key, rows){
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        const table = this.#table;
        return native.page(number, scope, this.#described, table.prototype, { database: this.#database, table }, key, rows);
    }

    get rowLimit(){ return this.#described.limit; }

    get isOrdered(){ return this.#described.ops.some(([kind]) => kind === ORDER); }

    async *[Symbol.asyncIterator](){
        let left = this.rowLimit ?? Infinity;
        let key;
        while(left > 0){
            const page = await this.page(key, Math.min(left, BATCH_ROWS));
            for(const row of page.rows) yield row;
            left -= page.rows.length;
            key = page.key;
            if(key === undefined) return;
        }
    }

    /* The text and the values of the statement that all() would run. */
    async toSql(){
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        return native.toSql(number, scope, this.#described);
    }

    /* --- writing --- */

    /* One object gives a row, an array of them an array of rows, all or none. */
    async insert(fields = {}, options = {}){
        if(!Array.isArray(fields)) return this.#insertOne(fields, options);
        return sessionOf(this.#database).transaction(async () => {
            const rows = [];
            for(const one of fields) rows.push(await this.#insertOne(one, options));
            return rows;
        });
    }

    #insertOne(fields, options){
        if(fields === null || typeof fields != 'object') throw new TypeError(`insert needs an object with the fields of the new row; it got ${String(fields)}.`);
        return insertRow(this.#database, this.#table, this.#preset ? { ...fields, ...this.#preset } : fields, options);
    }

    /* Gives the query. */
    async update(fields = {}, options = {}){
        const table = this.#table;
        const { model, prototype, columns } = table;
        const oneByOne = hasHooks(model, 'update') || options.validateWith || Object.keys(fields).some(name => !(name in columns) && hasSetter(prototype, name));
        if(oneByOne) return this.#forEach(row => row.update(fields, options));
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        native.update(number, scope, this.#described, fields);
        return this;
    }

    async delete(){
        const { model, prototype } = this.#table;
        if(hasHooks(model, 'delete') || prototype.deleteOwned) return this.#forEach(row => row.delete());
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        native.deleteAll(number, scope, this.#described);
        return this;
    }

    #forEach(fn){
        return sessionOf(this.#database).transaction(async () => {
            for await (const row of await this.#snapshot()) await fn(row);
            return this;
        });
    }

    /* The rows that there are now, whatever happens to them while they are read: in batches where the order
     * allows it. */
    async #snapshot(){
        const { ops, limit, offset } = this.#described;
        if(limit !== undefined || offset || ops.some(([kind]) => kind == ORDER) || !('_id' in this.#table.columns)) return this.all();
        const last = await this.orderBy('_id', 'desc').first();
        return last ? this.where({ _idLe: last._id }) : [];
    }

    /* --- for migrations --- */

    /* Makes the table when needed; a column that is there is left alone. */
    async addColumn(name, type, options = {}){
        return this.#change((number, scope, table) => native.addColumn(number, scope, table, name, type, options));
    }

    async removeColumn(name){
        return this.#change((number, scope, table) => native.removeColumn(number, scope, table, name));
    }

    async create(){
        return this.#change(native.createTable);
    }

    async drop(){
        return this.#change(native.dropTable);
    }

    async #change(fn){
        const access = accessOf(this.#database);
        const { number, scope } = access instanceof Promise ? await access : access;
        try {
            fn(number, scope, this.#described.table);
        } finally {
            sessionOf(this.#database).forgetTables();
        }
        return this;
    }

    [Symbol.for('pinstripe.inspect')](){
        const { table, ops, limit, offset } = this.#described;
        return `query on ${table}${ops.map(opText).join('')}${limit === undefined ? '' : ` limit ${limit}`}${offset ? ` offset ${offset}` : ''}`;
    }

    /* The query of a relation from the rows of this one, or from one row by its key. */
    static start(database, table, model){
        return new model.Query(database, { table, ops: [], limit: undefined, offset: undefined });
    }

    static isQuery(value){
        return value instanceof Query;
    }

    static withKey(query, column, value){
        return new query.constructor(query.#database, { ...query.#described, ops: [...query.#described.ops, [WHERE, column, value]] }, { [column]: value });
    }
}

export const startQuery = Query.start;

/* The class of a model's queries: its relations are getters on it. */
export function makeQueryClass(){
    return class extends Query {
        static addRelation(relation){
            if(relation.name in Query.prototype) return;
            Object.defineProperty(this.prototype, relation.name, { configurable: true, get(){ return follow(this, relation); } });
        }
    };
}

/* Where a relation leads from all rows of a query. */
export function follow(query, relation){
    if(relation.through) return relation.through.reduce((from, name) => from[name], query);
    return query.join(relation.fromKey, relation.collectionName, relation.toKey);
}

/* Where it leads from the one row that has this key; what is inserted through it gets the key. */
export function relationQuery(database, { collectionName, toKey }, key){
    return Query.withKey(database.table(collectionName), toKey, key ?? null);
}

function opText([kind, a, b]){
    switch(kind){
        case WHERE: return ` where ${a} ${JSON.stringify(b)}`;
        case TEXT: return ` where (${a})`;
        case WHERE_IN: return ` where ${a} in ${b.table}`;
        default: return ` order by ${a}${b ? ' desc' : ''}`;
    }
}

/* A Date, a Map or a row has no conditions in it, and would mean every row. */
function isPlain(value){
    if(value === null || typeof value != 'object') return false;
    const prototype = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null;
}

function invalidArgument(){
    return new Error('Invalid argument (0) - expected object, array or string.');
}

function wholeNumber(what, value){
    const number = typeof value == 'string' && value.trim() != '' ? Number(value) : value;
    if(!Number.isSafeInteger(number) || number < 0) throw new TypeError(`${what} needs a whole number of rows, 0 or more; it got ${typeof value == 'string' ? JSON.stringify(value) : String(value)}.`);
    return number;
}

function whatThereIs({ columns, model: { scopes, relations } }){
    return [['columns', columns], ['scopes', scopes], ['relations', relations]]
        .map(([what, names]) => [what, Object.keys(names)])
        .filter(([, names]) => names.length)
        .map(([what, names]) => `It has the ${what} ${listed(names)}.`).join(' ');
}

function listed(names){
    return names.length ? names.join(', ') : 'none';
}
