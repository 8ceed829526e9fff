/* tenant.js - whose rows a workspace sees, and what a tenant's row can do.
 *
 * The tenant is decided by the x-tenant-id header of the workspace's parameters, else by the project's
 * configuration, else by the host. The header of a run comes from the executor, which took it from the
 * tenants table; any other is looked up, and one that is not there is an error, never "all rows".
 */
import * as native from 'pinstripe:native/database';
import { checkZone } from 'pinstripe:native/cron';
import { config } from 'pinstripe:config';
import { tenantOfRun } from 'pinstripe:run';
import { databaseOf } from 'pinstripe:row';
import { runInTenantWorkspace, Workspace } from 'pinstripe:workspace';
import { Query } from 'pinstripe:query';

const OWN_HOST = '127.0.0.1'; /* of a workspace that nobody gave an address */

/* true for all rows, else the tenant's id; or a promise of it. */
export function chooseScope(context, database, session){
    if(!config.multiTenant) return true;
    const { tenantId } = context.root;
    if(tenantId !== undefined && tenantId !== null) return checkedTenant(String(tenantId), database, session);
    if(config.tenant !== undefined) return tenantOfConfig(context, database, session);
    return tenantOfHost(context.root.carriedParams, database, session);
}

function checkedTenant(id, database, session){
    if(tenantOfRun() === id || session.knowsTenant(id)) return id;
    if(!findTenant(database, session, { id })) throw Object.assign(new Error(`No such tenant "${id}" exists.`), { code: 'NO_SUCH_TENANT' });
    session.addTenant(id);
    return id;
}

function findTenant(database, session, where){
    const table = session.table('tenants');
    if(!table) return undefined;
    const described = { table: 'tenants', ops: Object.entries(where).map(([column, value]) => [0, column, value]) };
    return native.first(session.number, true, described, table.prototype, { database, table });
}

function tenantOfConfig(context, database, session){
    const given = typeof config.tenant == 'function' ? config.tenant.call(new Workspace(context)) : config.tenant;
    const decide = async value => scopeOfGiven(await value, database, session);
    return typeof given == 'object' || typeof given == 'function' ? decide(given) : scopeOfGiven(given, database, session);
}

function scopeOfGiven(given, database, session){
    if(given === undefined || given === null) return true;
    const { id } = typeof given == 'string' ? findTenant(database, session, { name: given }) ?? {} : given;
    if(typeof id != 'string') throw new Error(`No such tenant ${JSON.stringify(given)} exists (tenant in pinstripe.config.js).`);
    return id;
}

function tenantOfHost(params, database, session){
    if(!params) return true;
    const host = `${params._headers?.host ?? params._url?.hostname ?? ''}`.replace(/:\d+$/, '').toLowerCase();
    if(host == '' || host == OWN_HOST) return true;
    return findTenant(database, session, { host })?.id ?? true;
}

/* The row of a scope's tenant. */
export function tenantRow(scope, database, session){
    if(scope === true) return undefined;
    const row = findTenant(database, session, { id: scope });
    if(!row) throw new Error(`The tenant "${scope}" is not in the database any more.`);
    return row;
}

/* What rows of the table tenants have besides what lib/models/tenant.js gives them. */
export const tenantMethods = {
    /* fn gets a workspace of its own, in this tenant. */
    runInNewWorkspace(fn){
        return runInTenantWorkspace(this.id, fn);
    },

    /* The database as this tenant sees it, on the same connection. */
    get scopedDatabase(){
        return databaseOf(this).inTenant(this.id);
    },

    /* Part of delete(): nothing of a tenant outlives it. */
    async deleteOwned(){
        const database = this.scopedDatabase;
        for(const name of ownedTables(database)) await database.table(name).delete();
    },
};

function ownedTables(database){
    return Object.keys(database.info).filter(name => database.isScoped(name));
}

/* A tenant's row leads to its rows of every table: tenant.users. */
export function tenantPrototype(model, session){
    const prototype = Object.create(model.prototype);
    for(const name of session.tableNames){
        if(name in prototype || name == 'tenants') continue;
        Object.defineProperty(prototype, name, { configurable: true, get(){ return this.scopedDatabase.table(name); } });
    }
    return prototype;
}

const PAGE_ROWS = 1000; /* PIN_TENANT_PAGE */

/* One page of the tenants that a job runs for: { tenants: [{ id, name }], cursor }. A tenant with a
 * name was named by a person and is looked up, one without is known. The cursor holds how many
 * came before and where the last page ended, so the filter's own order and limit hold over all pages. */
export async function pageOfTenants(database, { name, tenant, cursor, zone, anyOrder }, filter){
    if(!database.info.tenants) throw new Error(`The database has no table "tenants" yet, so "${name}" cannot run for each tenant: run pinstripe migrate-database.`);
    if(tenant?.name) tenant = await namedByPerson(database, tenant.name);
    const left = await (filter ? filter(database.table('tenants')) : database.table('tenants'));
    const isMeant = zone === undefined ? undefined : row => zoneOf(row) === zone;
    if(Query.isQuery(left)){
        let narrow = zone && left.rowLimit === undefined ? left.where({ timeZone: zone }) : left;
        /* The store keeps runs by tenant: children made in the order of ids are neighbours there. */
        if(anyOrder && left.rowLimit === undefined && !left.isOrdered) narrow = narrow.orderBy('id');
        return pageOfQuery(tenant ? onlyTenant(narrow, tenant) : narrow, cursor, isMeant);
    }
    const rows = await rowsOf(left, name);
    return pageOfRows(tenant ? rows.filter(({ id }) => id === tenant.id) : isMeant ? rows.filter(isMeant) : rows, cursor);
}

/* The zone that a tenant's schedules follow; '' when its timeZone is empty or unknown: then the project's. */
function zoneOf({ timeZone }){
    return typeof timeZone == 'string' && timeZone != '' && !checkZone(timeZone) ? timeZone : '';
}

/* { zones } of all tenants, '' among them when some have none of their own. */
export async function zonesOfTenants(database){
    const table = database.info.tenants ? database.table('tenants') : undefined;
    if(!table) return { zones: [] };
    const rows = await database.run('select distinct "timeZone" as timeZone from "tenants"').catch(noZones);
    return { zones: [...new Set(rows.map(zoneOf))].sort() };
}

function noZones(error){
    throw new Error("A schedule has timeZone: 'tenant', so the table tenants needs a column timeZone (string): " + error.message);
}

/* Why a job does not run for a tenant any more; undefined when it does. */
export async function whyNotFor(database, id, job, filter){
    if(!await database.table('tenants').where({ id }).first()) return `The tenant "${id}" is not in the database any more.`;
    if(!filter) return undefined;
    const left = await filter(database.table('tenants'));
    const found = Query.isQuery(left) ? await onlyTenant(left, { id }).first() : (await rowsOf(left, job)).find(row => row.id === id);
    return found ? undefined : `The tenantsFilter of "${job}" leaves out the tenant "${id}" now.`;
}

/* What a person gave to --tenant: an id, or else a name. */
export async function namedByPerson(database, text){
    const tenants = database.table('tenants');
    const byId = await tenants.where({ id: text }).first();
    const found = byId ? [byId] : await tenants.where({ name: text }).limit(2).all();
    if(found.length == 1) return found[0];
    throw Object.assign(new Error(found.length
        ? `More than one tenant has the name "${text}": give the id.`
        : `No such tenant "${text}" exists.`), { code: 'NO_SUCH_TENANT' });
}

function onlyTenant(query, { id }){
    return query.join('id', 'tenants', 'id').where({ id });
}

async function pageOfQuery(query, cursor, isMeant){
    const [, before, key] = /^(\d+):(.*)$/s.exec(cursor ?? '') ?? [null, 0];
    const count = Math.min(PAGE_ROWS, (query.rowLimit ?? Infinity) - before);
    if(count <= 0) return { tenants: [], cursor: null };
    const page = await query.page(key, count);
    const rows = isMeant ? page.rows.filter(isMeant) : page.rows;
    return describe(rows, page.key === undefined ? null : `${Number(before) + page.rows.length}:${page.key}`);
}

function pageOfRows(rows, cursor){
    const start = Number(cursor ?? 0);
    const end = start + PAGE_ROWS;
    return describe(rows.slice(start, end), end < rows.length ? `${end}` : null);
}

async function rowsOf(left, job){
    const rows = Array.isArray(left) ? left : typeof left?.all == 'function' ? await left.all() : undefined;
    if(!Array.isArray(rows)) throw new Error(`tenantsFilter of "${job}" must give a query on tenants or an array of tenants; it gave ${left === undefined ? 'nothing' : typeof left}.`);
    return rows;
}

function describe(rows, cursor){
    return { tenants: rows.map(({ id, name }) => ({ id, name })), cursor };
}
