/* workspace.js - the world that one run sees: a root context and every service.
 *
 * A background job always gets one of its own, in another heap. Workspace.run, runInNewWorkspace
 * and a tenant's runInNewWorkspace make one inside the caller's heap, with its own root, database
 * session and tenant.
 */
import { Context, copyParams } from 'pinstripe:context';
import { ServiceConsumer } from 'pinstripe:service';
import { beginWorkspace, endWorkspace, isRunning } from 'pinstripe:run';

export class Workspace extends ServiceConsumer {
    /* fn gets the workspace as `this` and as its argument; its value is given back. Without a
     * tenant until fn sets the x-tenant-id header. */
    static run(fn){
        return runWorkspace(fn, new Context());
    }
}

/* As Workspace.run, with the parameters and so the tenant of `context`'s workspace. */
export function runInNewWorkspace(context, fn){
    const params = copyParams(context.carriedParams);
    return runWorkspace(fn, new Context(undefined, context.tenantId, params));
}

/* As Workspace.run, in a tenant. */
export function runInTenantWorkspace(tenantId, fn){
    return runWorkspace(fn, new Context(undefined, tenantId));
}

/* The services of a context, as an object. */
export function workspaceOf(context){
    return new Workspace(context);
}

async function runWorkspace(fn, root){
    if(!isRunning()){
        throw new Error('A workspace can only be made while a job runs, not while the project ' +
            'is loaded.');
    }
    const workspace = new Workspace(root);
    beginWorkspace(root);
    try {
        return await root.run(() => fn.call(workspace, workspace));
    } finally {
        endWorkspace(root);
    }
}
