/* run.js - the one run that this heap is for: nothing while the project is loaded, then its root
 * context. The heap is put back after it, so there is never a second one. */
let root;
let tenantId;

export function isRunning(){
    return root !== undefined;
}

export function beginRun(context){
    root = context;
    tenantId = context.tenantId;
}

export function rootOfRun(){
    return root;
}

/* The tenant that the executor started the run in: it is known to exist. */
export function tenantOfRun(){
    return tenantId;
}
