/* session.js - a workspace's session with the database: opened at first use, one for each root context.
 *
 * The connection behind it is C's and outlives the run; it is known here by its number only. What a run
 * learned about tables is kept here, so that it dies with the run.
 */
import * as native from 'pinstripe:native/database';
import { clearTimeout, setTimeout } from 'pinstripe:native/engine';
import { config } from 'pinstripe:config';
import { rootOfRun } from 'pinstripe:run';
import { modelOf } from 'pinstripe:model';
import { parseDuration } from 'pinstripe:units';
import { tenantPrototype } from 'pinstripe:tenant';

const KEY = Symbol('database session');

let ofRun; /* the session of the run's own root, which needs no destroy() unless it wrote */

/* Of a context: its workspace's. */
export function openSession({ root }){
    if(root === rootOfRun()) return ofRun ??= new Session(root);
    return root.getOrCreate(KEY, () => new Session(root));
}

/* In a REPL, whose run outlives what its session knows: the tables may have changed, a transaction
 * that lasted too long was an earlier line's, and what was stopped in one never ends it. */
export function renewSession(){
    ofRun?.renew();
}

export function abandonTransactions(){
    native.abandonAll();
    ofRun?.abandon();
}

export class Session {
    #root;
    #number;
    #tables;  /* name -> table, as far as looked up */
    #names;   /* of all tables */
    #tenants; /* ids that were looked up and found */
    #depth;   /* transactions inside each other */

    constructor(root){
        this.#root = root;
        this.#depth = 0;
    }

    get number(){
        return this.#number ??= native.open(config.database, config.multiTenant);
    }

    /* { name, columns: { name: type }, scoped, model, prototype }, undefined when there is no such table. */
    table(name){
        const known = this.#tables?.get(name);
        if(known) return known;
        const table = native.table(this.number, name);
        if(!table) return undefined;
        table.model = modelOf(name);
        table.prototype = name == 'tenants' && config.multiTenant ? tenantPrototype(table.model, this) : table.model.prototype;
        (this.#tables ??= new Map()).set(name, table);
        return table;
    }

    get tableNames(){
        return this.#names ??= native.tables(this.number);
    }

    forgetTables(){
        this.#tables = undefined;
        this.#names = undefined;
    }

    knowsTenant(id){
        return this.#tenants?.has(id);
    }

    addTenant(id){
        (this.#tenants ??= new Set()).add(id);
    }

    /* Inside another one it is a part of that. What fn throws rolls back, and is thrown. */
    async transaction(fn){
        const { number } = this;
        this.#root[KEY] = this; /* for destroy(): it may be left open */
        native.begin(number, limitMs());
        this.#depth++;
        let value;
        try {
            value = this.#depth == 1 ? await this.#withinLimit(fn) : await fn();
        } catch(error){
            this.#depth--;
            native.rollback(number);
            this.forgetTables();
            throw error;
        }
        this.#depth--;
        native.commit(number);
        return value;
    }

    /* C looks at the time whenever the database is used; the timer is for code that awaits something else. */
    #withinLimit(fn){
        const { number } = this;
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => {
                try {
                    if(native.expire(number)) native.check(number);
                } catch(error){
                    reject(error);
                }
            }, limitMs());
            const settle = how => value => {
                clearTimeout(timer);
                how(value);
            };
            new Promise(resolveFn => resolveFn(fn())).then(settle(resolve), settle(reject));
        });
    }

    /* fn is one migration, run unless the database had it. True when it was run. */
    async migration(version, fn){
        const { number } = this;
        if(!native.migrationBegin(number, version)) return false;
        this.#depth++;
        try {
            await fn();
        } catch(error){
            native.rollback(number);
            throw error;
        } finally {
            this.#depth--;
            this.forgetTables();
        }
        native.migrationCommit(number, version);
        this.forgetTables();
        return true;
    }

    renew(){
        if(this.#number !== undefined && this.#depth == 0) native.forgive(this.#number);
        this.forgetTables();
    }

    abandon(){
        this.#depth = 0;
        this.renew();
    }

    /* After drop(): the file is gone, and with it every connection. */
    drop(){
        this.#number = undefined;
        this.forgetTables();
        native.drop(config.database.filename);
    }

    /* With the workspace. The connection of the run itself ends with the run, so that destroy() hooks can
     * still use it. */
    destroy(){
        if(this.#number === undefined) return;
        const open = this.#depth > 0;
        if(open || this.#root !== rootOfRun()){
            native.release(this.#number);
            this.#number = undefined;
            this.forgetTables();
        }
        if(open) throw new Error('A database transaction was still open when its workspace ended, so it was rolled back: await what transaction() gives.');
    }
}

function limitMs(){
    return parseDuration(config.database.transactionLimit, 'database.transactionLimit');
}
