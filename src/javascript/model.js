/* model.js - what a file in lib/models says in its meta(): hooks, validation, relations, scopes; and what
 * every row can do.
 *
 * A model is a class made from its file when the project is loaded; its table is the plural of its name.
 * Rows are made by C with the model's prototype and never through a constructor. What meta() declared
 * stands in the class: hooks, relations, scopes. A table without a model has rows of the class Model.
 */
import { config } from 'pinstripe:config';
import { defer } from 'pinstripe:defer';
import { cascade, databaseOf, deleteRow, relatedTo, updateRow } from 'pinstripe:row';
import * as inflector from 'pinstripe:native/inflector';
import { makeQueryClass, Query } from 'pinstripe:query';
import { metaMethods } from 'pinstripe:registry';
import { models } from 'pinstripe:registries';
import { tenantMethods } from 'pinstripe:tenant';

const HOOKS = [
    'beforeInsert', 'afterInsert', 'beforeUpdate', 'afterUpdate', 'beforeDelete', 'afterDelete',
    'beforeValidation', 'validation', 'afterValidation',
];
const problems = new WeakMap(); /* row -> { field: message } of its last validation */
const byTable = new Map();
const singletons = new Map(); /* name -> class */

export class ValidationError extends Error {
    constructor(errors){
        super(JSON.stringify(errors));
        this.name = 'ValidationError';
        this.errors = errors;
    }
}

export class Model {
    /* The class of queries on the model's table. */
    static get Query(){ return Query; }

    get database(){ return databaseOf(this); }
    get workspace(){ return databaseOf(this).workspace; }
    /* Whose row it is: awaits to the tenant's row, or to undefined. */
    get tenant(){ return defer(() => this.tenantId && databaseOf(this).tenants.where({ id: this.tenantId }).first()); }
    get validationErrors(){ return problems.get(this) ?? {}; }

    /* Assigns the fields, then writes what differs from the database. Gives the row. */
    update(fields, options){ return updateRow(this, fields, options); }
    delete(){ return deleteRow(this); }

    /* message '' or so takes it back. */
    setValidationError(name, message){
        const errors = problems.get(this) ?? {};
        if(message) errors[name] = message;
        else delete errors[name];
        problems.set(this, errors);
        return this;
    }

    isValidationError(name){
        return name === undefined ? Object.keys(this.validationErrors).length > 0 : name in this.validationErrors;
    }

    toJSON(){ return { ...this }; }
}

Object.assign(Model, metaMethods, {
    hooks: {},
    relations: {},
    scopes: {},

    /* Called by makeClass before and after meta(). */
    prepareClass(Class){
        Class.hooks = {};
        Class.relations = {};
        Class.scopes = {};
        Object.defineProperty(Class, 'Query', { value: makeQueryClass() });
        if(Class.name == 'tenant' && config.multiTenant) addMissing(Class.prototype, tenantMethods);
    },

    completeClass(Class){
        byTable.set(inflector.pluralize(Class.name), Class);
    },

    /* Besides other models: 'singleton', for a table that has one row, made when it is first asked for. */
    include(...mixins){
        for(const mixin of mixins){
            if(mixin == 'singleton' && !models.get(mixin)) singletons.set(this.name, this);
            else metaMethods.include.call(this, mixin);
        }
        return this;
    },

    /* hook: a function called with the row as `this`, or the name of a method of the row. */
    addHook(name, hook){
        if(!HOOKS.includes(name)) throw new Error(`No such hook "${name}" for model "${this.name}"; there are ${HOOKS.join(', ')}.`);
        if(typeof hook != 'function' && typeof hook != 'string') throw new TypeError(`${name} needs a function or the name of a method`);
        (this.hooks[name] ??= []).push(hook);
        return this;
    },

    beforeInsertOrUpdate(hook){ return this.addHook('beforeInsert', hook).addHook('beforeUpdate', hook); },
    afterInsertOrUpdate(hook){ return this.addHook('afterInsert', hook).addHook('afterUpdate', hook); },
    validateWith(hook){ return this.addHook('validation', hook); },

    mustNotBeBlank(name, { message = 'Must not be blank', when } = {}){
        return mustHold(this, name, when, row => textOf(row[name]) == '' && message);
    },

    mustMatchPattern(name, pattern, { message = 'Must match pattern', when } = {}){
        return mustHold(this, name, when, row => textOf(row[name]).match(pattern) === null && message);
    },

    mustBeAValidEmail(name, { message = 'Must be a valid email', when } = {}){
        return this.mustMatchPattern(name, /^[^@]+@[^@]+$/, { message, when });
    },

    mustBeUnique(name, { message = 'Must be unique', collection, when } = {}){
        return mustHold(this, name, when, async row => {
            const others = row.database.table(collection ?? inflector.pluralize(this.name)).where({ [name]: row[name] });
            return await (row.id === undefined ? others : others.where({ idNe: row.id })).count() > 0 && message;
        });
    },

    /* fn(value) is called with the query as `this` for where({ [name]: value }) and gives the narrowed one. */
    scope(name, fn){
        if(typeof fn != 'function') throw new TypeError(`scope('${name}', ...) needs a function`);
        this.scopes[name] = fn;
        return this;
    },

    hasMany(name, options = {}){
        return relate(this, name, { many: true, collectionName: name, fromKey: 'id', toKey: `${this.name}Id`, cascadeDelete: !options.through }, options);
    },

    hasOne(name, options = {}){
        return relate(this, name, { many: false, collectionName: inflector.pluralize(name), fromKey: 'id', toKey: `${this.name}Id`, cascadeDelete: !options.through }, options);
    },

    belongsTo(name, options = {}){
        return relate(this, name, { many: false, collectionName: inflector.pluralize(name), fromKey: `${name}Id`, toKey: 'id', cascadeDelete: false }, options);
    },
});

for(const name of HOOKS){
    if(!(name in Model)) Model[name] = function(hook){ return this.addHook(name, hook); };
}

/* What the tenants of a project without lib/models/tenant.js are. */
class Tenant extends Model {}
Object.defineProperty(Tenant, 'name', { value: 'tenant' });
addMissing(Tenant.prototype, tenantMethods);

/* The class of a table's rows. A table is not used without its model, whose checks would be missing. */
export function modelOf(table){
    const model = byTable.get(table);
    if(model?.broken) throw new Error(`Model "${model.name}" is broken: ${model.broken.message} (${model.file}${model.broken.line ? `:${model.broken.line}` : ''})`);
    return model ?? (table == 'tenants' && config.multiTenant ? Tenant : Model);
}

export function singletonNames(){
    return [...singletons.keys()];
}

/* The one row of a singleton model; undefined in a project with tenants when there is none. */
export async function singletonRow(database, name, isConfined){
    if(config.multiTenant && !isConfined) return undefined;
    const table = database.table(inflector.pluralize(name));
    return await table.first() ?? database.lock(async () => await table.first() ?? table.insert());
}

/* Entries of the registry whose files could not be used; called once, when all are known. */
export function keepBrokenModels(entries){
    for(const entry of entries){
        if(entry.broken) byTable.set(inflector.pluralize(entry.name), entry);
    }
}

function relate(Class, name, defaults, options){
    const relation = { ...defaults, ...options, name, through: options.through === undefined ? undefined : [options.through].flat() };
    Class.relations[name] = relation;
    Class.Query.addRelation(relation);
    Object.defineProperty(Class.prototype, name, { configurable: true, get(){ return relatedTo(this, relation); } });
    if(relation.cascadeDelete) Class.addHook('beforeDelete', function(){ return cascade(this, relation); });
    return Class;
}

function mustHold(Class, name, when, problemOf){
    return Class.addHook('validation', async function(){
        if(this.isValidationError(name)) return;
        if(when && !await when.call(this, this)) return;
        const message = await problemOf(this);
        if(message) this.setValidationError(name, message);
    });
}

const textOf = value => `${value || ''}`.trim();

export async function runHooks(row, name){
    const hooks = row.constructor.hooks?.[name];
    if(!hooks) return;
    for(const hook of hooks) await (typeof hook == 'string' ? row[hook]() : hook.call(row, row));
}

/* Throws a ValidationError that names every field that is wrong. `stack`: of who asked for the write. */
export async function validate(row, validateWith, stack){
    problems.delete(row);
    await runHooks(row, 'beforeValidation');
    await runHooks(row, 'validation');
    if(validateWith) await validateWith.call(row, row);
    if(row.isValidationError()) throw Object.assign(new ValidationError({ ...problems.get(row) }), { stack });
    await runHooks(row, 'afterValidation');
}

function addMissing(prototype, methods){
    const descriptors = Object.getOwnPropertyDescriptors(methods);
    for(const name of Object.keys(descriptors)){
        if(!Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, descriptors[name]);
    }
}
