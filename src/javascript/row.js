/* row.js - what happens to one row: inserted, updated, deleted, with the hooks of its model around it; and
 * where its relations lead.
 *
 * A row whose model has no hooks for the occasion is written by one statement; otherwise row, hooks and
 * whatever the hooks write are one transaction.
 */
import * as native from 'pinstripe:native/database';
import { accessOf, sessionOf } from 'pinstripe:database';
import { defer } from 'pinstripe:defer';
import { follow, relationQuery } from 'pinstripe:query';
import { runHooks, validate } from 'pinstripe:model';

const VALIDATION = ['beforeValidation', 'validation', 'afterValidation'];
const OCCASIONS = {
    insert: ['beforeInsert', ...VALIDATION, 'afterInsert'],
    update: ['beforeUpdate', ...VALIDATION, 'afterUpdate'],
    delete: ['beforeDelete', 'afterDelete'],
};

/* Whether rows of the model must be written one by one. */
export function hasHooks(model, occasion){
    return OCCASIONS[occasion].some(name => model.hooks[name]);
}

export function databaseOf(row){
    return native.origin(row).database;
}

/* A new row with these fields, written. `table` as session.table() gives it. */
export async function insertRow(database, table, fields, { validateWith } = {}){
    const access = accessOf(database);
    const { number, scope } = access instanceof Promise ? await access : access;
    const row = native.newRow(number, table.name, table.prototype, { database, table });
    assign(row, table, fields, scope);
    const write = () => native.insertRow(number, scope, row);
    return around(row, database, table.model, 'insert', validateWith, write);
}

export async function updateRow(row, fields = {}, { validateWith } = {}){
    const { database, table } = originOf(row);
    const access = accessOf(database);
    const { number, scope } = access instanceof Promise ? await access : access;
    assign(row, table, fields, scope);
    const write = () => native.updateRow(number, scope, row);
    return around(row, database, table.model, 'update', validateWith, write);
}

export async function deleteRow(row){
    const { database, table } = originOf(row);
    const access = accessOf(database);
    const { number, scope } = access instanceof Promise ? await access : access;
    const remove = () => native.deleteRow(number, scope, row);
    if(!hasHooks(table.model, 'delete') && !row.deleteOwned) return remove(), row;
    return sessionOf(database).transaction(async () => {
        await runHooks(row, 'beforeDelete');
        if(row.deleteOwned) await row.deleteOwned();
        remove();
        await runHooks(row, 'afterDelete');
        return row;
    });
}

function originOf(row){
    const origin = native.origin(row);
    if(!origin) throw new TypeError('This is no row of a table.');
    return origin;
}

function around(row, database, model, occasion, validateWith, write){
    if(!hasHooks(model, occasion) && !validateWith) return write(), row;
    const [before, , , , after] = OCCASIONS[occasion];
    const { stack } = new Error(); /* the caller's lines, which are gone once something was awaited */
    return sessionOf(database).transaction(async () => {
        await runHooks(row, before);
        await validate(row, validateWith, stack);
        write();
        await runHooks(row, after);
        return row;
    });
}

/* Fields that the table does not have are dropped, unless the model has a setter of that name. */
function assign(row, { columns, scoped }, fields, scope){
    for(const name of Object.keys(fields)){
        if(name in columns ? !isFixed(name, scoped, scope) : hasSetter(row, name)) row[name] = shown(columns[name], fields[name]);
    }
}

function isFixed(name, scoped, scope){
    return name == 'id' || name == '_id' || (name == 'tenantId' && scoped && scope !== true);
}

export function hasSetter(object, name){
    for(let o = object; o && o !== Object.prototype; o = Object.getPrototypeOf(o)){
        const descriptor = Object.getOwnPropertyDescriptor(o, name);
        if(descriptor) return Boolean(descriptor.set);
    }
    return false;
}

/* A given value as the row shows it; what is no date is left for the database to complain about. */
function shown(type, value){
    if(type == 'boolean') return value === undefined ? undefined : `${value}` == 'true' || `${value}` == '1';
    if((type == 'date' || type == 'datetime') && (typeof value == 'string' || typeof value == 'number') && value !== ''){
        const date = new Date(value);
        return isNaN(date) ? value : date;
    }
    return value;
}

/* A query for many; for one, a deferred value that awaits to the row or undefined. */
export function relatedTo(row, relation){
    if(relation.many) return manyOf(row, relation);
    return defer(() => manyOf(row, relation).first());
}

function manyOf(row, relation){
    const { database, table } = originOf(row);
    if(relation.through) return follow(database.table(table.name).where({ id: row.id }), relation);
    return relationQuery(database, relation, row[relation.fromKey]);
}

export async function cascade(row, relation){
    const { database } = originOf(row);
    if(!sessionOf(database).table(relation.collectionName)) return;
    await manyOf(row, relation).delete();
}
